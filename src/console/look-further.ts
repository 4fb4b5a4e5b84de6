import { ROWS_MAX, type Wanted } from './event-records.ts'
import { countText, momentText } from './format.ts'
import { currentPlace } from './navigation.ts'
import { runTool } from './tool-client.ts'
import type { ToolOutcome } from './tool-run.ts'
import { LOOKS, nextLook, type Look } from './topic-looks.ts'
import { fromRead, type ReadRecord, type TopicRecord } from './topic-record.ts'
import { visible } from './visible-text.ts'

/** Looking through the topic for what the filters want, on request: by a menu, and where nothing was found. */

export interface LookView {
  /** A live region. */
  readonly note: HTMLElement
  /** A menu of looks. */
  readonly earlier: HTMLElement
  /** Where nothing was found: how far back was looked, and the way further. */
  readonly looked: HTMLElement
  readonly further: HTMLButtonElement
}

export interface LookFurther {
  /** Says how far back was looked: through what is here, and by the last look. */
  readonly show: (here: readonly TopicRecord[]) => void
}

export function startLookFurther(
  view: LookView,
  onFound: (found: readonly TopicRecord[]) => void,
): LookFurther {
  let isReading = false
  let last: { readonly wanted: Wanted; readonly look: Look } | undefined

  async function read(look: Look): Promise<void> {
    if (isReading) return
    const { search, status } = currentPlace()
    setReading(true)
    view.note.textContent = `Reading ${look.span}…`
    // By the filters: the service gives the last ones of those, and not of all.
    const request = {
      ...(look.since !== '' && { since: look.since }),
      ...(search !== '' && { key: search }),
      ...(status !== '' && { status }),
    }
    const outcome = await runTool({ tool: 'read-topic', ...request }, ({ progress }) => {
      if (progress !== null) view.note.textContent = visible(progress)
    })
    setReading(false)
    const found = foundBy(outcome)
    if (typeof found === 'string') {
      view.note.textContent = found
      return
    }
    last = { wanted: { search, status }, look }
    const kind = search + status === '' ? 'record' : 'matching record'
    const isCut = found.length >= ROWS_MAX
    view.note.textContent = `${countText(found.length, kind)} read${isCut ? ', the last ones' : ''}.`
    onFound(found)
  }

  function setReading(is: boolean): void {
    isReading = is
    view.further.setAttribute('aria-disabled', String(is))
  }

  function follow(target: EventTarget | null): void {
    const since = target instanceof HTMLButtonElement ? target.dataset['since'] : undefined
    const look = LOOKS.find((one) => one.since === since)
    if (look !== undefined) void read(look)
  }

  view.earlier.addEventListener('click', ({ target }) => follow(target))
  view.further.addEventListener('click', ({ target }) => follow(target))
  return {
    show(here) {
      const { search, status } = currentPlace()
      const isLast = last?.wanted.search === search && last.wanted.status === status
      const look = isLast ? last?.look : undefined
      const oldest = here.findLast(({ time }) => time !== null)?.time ?? undefined
      const agoMs = oldest === undefined ? 0 : Date.now() - Date.parse(oldest)
      const next = nextLook(look?.ms ?? agoMs)
      const back = oldest === undefined ? '' : `, back to ${momentText(oldest)}`
      const through = look?.span ?? `the last ${countText(here.length, 'event')}${back}`
      view.looked.textContent = `Looked through ${through}.`
      view.further.textContent = `Look through ${next.span}`
      view.further.dataset['since'] = next.since
    },
  }
}

/** A sentence where it could not be read. */
function foundBy(outcome: ToolOutcome): readonly TopicRecord[] | string {
  if (outcome.kind === 'failed') return outcome.sentence
  const { problem, result } = outcome.run
  if (problem !== null) return `${visible(problem)}.`
  return ((result ?? { records: [] }) as { readonly records: ReadRecord[] }).records.map(fromRead)
}
