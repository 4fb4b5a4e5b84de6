import type { Addresses } from './copy-commands.ts'
import { isWanted, keepNewest, mergeRecords, ROWS_MAX } from './event-records.ts'
import { visible } from './visible-text.ts'
import { countText } from './format.ts'
import type { LiveEvent } from './live-stream.ts'
import { currentPlace, followPlace } from './navigation.ts'
import { createRecordRow } from './record-row.ts'
import { watchHold } from './row-hold.ts'
import { runTool } from './tool-client.ts'
import { fromRead, happenedOf, placeOf, type ReadRecord, type TopicRecord } from './topic-record.ts'

/** All events of the topic, newest first: live ones, and on request earlier ones, which the topic is read for. */

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
  /** Newest first. */
  let records: TopicRecord[] = []
  let waiting: TopicRecord[] = []
  const rows = new Map<string, readonly HTMLElement[]>()
  const hold = watchHold(view.body)

  /** Somebody points at a row, or reads one that is open. */
  function isHeld(): boolean {
    return hold.isHeld() || view.body.querySelector('.is-open') !== null
  }

  function add(event: LiveEvent): void {
    waiting = keepNewest([fromLive(event), ...waiting], currentPlace())
  }

  function letIn(): void {
    if (currentPlace().view !== 'events') return
    if (waiting.length > 0 && !isHeld()) bringIn()
    else showWaiting()
  }

  function bringIn(): void {
    records = mergeRecords(waiting, records, currentPlace())
    waiting = []
    show()
  }

  function show(): void {
    const place = currentPlace()
    const shown = records.filter((record) => isWanted(record, place)).slice(0, ROWS_MAX)
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
    const many = count > ROWS_MAX ? `${ROWS_MAX}+ new events` : countText(count, 'new event')
    const text = count === 0 ? 'Newest events' : many
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
    records = mergeRecords(records, read.map(fromRead), currentPlace())
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

function fromLive({ order, ...event }: LiveEvent): TopicRecord {
  return {
    partition: event.partition,
    offset: event.offset,
    time: event.time,
    key: order.orderId,
    happened: happenedOf(event.type),
    status: order.status,
    version: event.version,
  }
}
