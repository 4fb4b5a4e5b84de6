import type { Place } from './address.ts'
import type { Addresses } from './copy-commands.ts'
import { visible } from './visible-text.ts'
import { countText } from './format.ts'
import type { LiveEvent } from './live-stream.ts'
import { currentPlace, followPlace } from './navigation.ts'
import { createRecordRow } from './record-row.ts'
import { watchHold } from './row-hold.ts'
import { runTool } from './tool-client.ts'
import { fromLive, fromRead, placeOf, type ReadRecord, type TopicRecord } from './topic-record.ts'

/** All events of the topic, newest first: live ones, and on request earlier ones, which the topic is read for. */

const ROWS_MAX = 200

const LET_IN_EVERY_MS = 500

export interface EventsView {
  readonly body: HTMLElement
  readonly table: HTMLElement
  readonly empty: HTMLElement
  readonly noMatch: HTMLElement
  readonly note: HTMLElement
  readonly bring: HTMLButtonElement
  readonly earlier: HTMLElement
}

export interface Events {
  readonly add: (event: LiveEvent) => void
}

export function startEventsView(view: EventsView, addresses: () => Addresses): Events {
  /** Newest first, whatever the filters are. */
  let records: TopicRecord[] = []
  let waiting: TopicRecord[] = []
  const rows = new Map<string, readonly HTMLElement[]>()
  const hold = watchHold(view.body)

  /** Somebody points at a row, or reads one that is open. */
  function isHeld(): boolean {
    return hold.isHeld() || view.body.querySelector('.is-open') !== null
  }

  function add(event: LiveEvent): void {
    waiting.unshift(fromLive(event))
    if (waiting.length > ROWS_MAX) waiting.length = ROWS_MAX
  }

  function letIn(): void {
    if (currentPlace().view !== 'events') return
    if (waiting.length > 0 && !isHeld()) bringIn()
    else showWaiting()
  }

  function bringIn(): void {
    records = merge(waiting, records)
    waiting = []
    show()
  }

  function show(): void {
    const place = currentPlace()
    const shown = records.filter((record) => isWanted(record, place))
    const wanted = new Set(shown.map(placeOf))
    for (const [name, lines] of rows) {
      if (wanted.has(name)) continue
      for (const line of lines) line.remove()
      rows.delete(name)
    }
    let before = view.body.firstElementChild
    for (const line of shown.flatMap(rowsOf)) {
      // Only what moved is touched, so that focus and selection stay where they are.
      if (line === before) before = before.nextElementSibling
      else view.body.insertBefore(line, before)
    }
    view.table.hidden = shown.length === 0
    view.empty.hidden = records.length > 0
    view.noMatch.hidden = records.length === 0 || shown.length > 0
    showWaiting()
  }

  function rowsOf(record: TopicRecord): readonly HTMLElement[] {
    const name = placeOf(record)
    const known = rows.get(name)
    if (known !== undefined) return known
    const made = createRecordRow(record, addresses)
    rows.set(name, made)
    return made
  }

  function showWaiting(): void {
    const place = currentPlace()
    const count = waiting.filter((record) => isWanted(record, place)).length
    const text = count === 0 ? 'Newest events' : countText(count, 'new event')
    if (view.bring.textContent !== text) view.bring.textContent = text
    view.bring.classList.toggle('is-away', count === 0 || !isHeld())
  }

  async function readEarlier(since: string): Promise<void> {
    view.note.textContent = 'Reading the topic…'
    const outcome = await runTool(
      { tool: 'read-topic', ...(since !== '' && { since }) },
      ({ progress }) => {
        view.note.textContent = visible(progress ?? 'Reading the topic…')
      },
    )
    if (outcome.kind === 'failed') {
      view.note.textContent = outcome.sentence
      return
    }
    const { problem, result } = outcome.run
    const { records: read } = (result ?? { records: [] }) as { readonly records: ReadRecord[] }
    records = merge(records, read.map(fromRead))
    view.note.textContent =
      problem === null ? `${countText(read.length, 'record')} read.` : `${visible(problem)}.`
    show()
  }

  view.bring.addEventListener('click', bringIn)
  view.earlier.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLButtonElement) void readEarlier(target.dataset['since'] ?? '')
  })
  setInterval(letIn, LET_IN_EVERY_MS)
  followPlace(({ view: shown }) => {
    if (shown === 'events') show()
  })
  return { add }
}

function isWanted({ key, status }: TopicRecord, place: Place): boolean {
  return (
    (place.search === '' || key?.startsWith(place.search) === true) &&
    (place.status === '' || status === place.status)
  )
}

/** Newest first, each once, bounded. */
function merge(one: readonly TopicRecord[], other: readonly TopicRecord[]): TopicRecord[] {
  const byPlace = new Map([...other, ...one].map((record) => [placeOf(record), record]))
  return [...byPlace.values()].toSorted(compareRecords).slice(0, ROWS_MAX)
}

function compareRecords(one: TopicRecord, other: TopicRecord): number {
  const [first, second] = [one.time ?? '', other.time ?? '']
  if (first !== second) return first < second ? 1 : -1
  return other.partition - one.partition || other.offset - one.offset
}
