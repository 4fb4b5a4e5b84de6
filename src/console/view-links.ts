import { writePlace, type Place, type View } from './address.ts'

/** Where the head of the page leads: to each view as it was left, with its filters, open order and pause. */

/** As the service writes the links. */
export const FIRST_LINKS: Readonly<Record<View, string>> = {
  orders: 'console#',
  events: 'console#view=events',
  operations: 'console#view=operations',
}

/** Called with each place in turn. The view that is shown keeps its first link, which takes all away. */
export function createViewLinks(): (place: Place) => Readonly<Record<View, string>> {
  const left: Record<View, string> = { ...FIRST_LINKS }
  return (place) => {
    left[place.view] = `console${writePlace(place)}`
    return { ...left, [place.view]: FIRST_LINKS[place.view] }
  }
}
