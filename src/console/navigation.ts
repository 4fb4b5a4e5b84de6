import { NO_FILTERS, readPlace, writePlace, type Place } from './address.ts'

/** The address of this page: read, changed and followed. */

/** Changes that are no step of their own, such as each letter of a search, replace the one before. */
export type Step = 'push' | 'replace'

export function currentPlace(): Place {
  return readPlace(location.hash)
}

/** For a link that changes some of it. */
export function hrefOf(change: Partial<Place>): string {
  const place = currentPlace()
  const isOther = change.view !== undefined && change.view !== place.view
  // What holds in one view means nothing, or something else, in another one.
  const left = isOther ? { ...NO_FILTERS, isPaused: false } : {}
  return writePlace({ ...place, ...left, ...change })
}

export function goTo(change: Partial<Place>, step: Step = 'push'): void {
  const hash = hrefOf(change)
  if (hash === writePlace(currentPlace())) return
  if (step === 'push') history.pushState(null, '', hash)
  else history.replaceState(null, '', hash)
  dispatchEvent(new Event('placechange'))
}

/** Calls at once, and after each change, whoever made it. */
export function followPlace(onPlace: (place: Place, before: Place | undefined) => void): void {
  let before: Place | undefined
  const tell = (): void => {
    const place = currentPlace()
    const known = before
    before = place
    onPlace(place, known)
  }
  addEventListener('placechange', tell)
  // A link, or the reader's own typing; going back, too.
  addEventListener('hashchange', tell)
  tell()
}
