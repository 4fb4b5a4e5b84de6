import type { Addresses } from './copy-commands.ts'
import { isWanted, keepNewest, mergeRecords, ROWS_MAX } from './event-records.ts'
import { countText } from './format.ts'
import type { LiveEvent } from './live-stream.ts'
import { startLookFurther, type LookView } from './look-further.ts'
import { currentPlace, followPlace } from './navigation.ts'
import { createRecordRow } from './record-row.ts'
import { watchHold } from './row-hold.ts'
import { enterRows } from './row-moves.ts'
import { happenedOf, placeOf, type TopicRecord } from './topic-record.ts'

/**
 * All events of the topic, newest first: the last ones, what happens, and on request earlier ones, which
 * the topic is read for.
 */

const LET_IN_EVERY_MS = 500

export interface EventsView extends LookView {
  readonly body: HTMLElement
  readonly table: HTMLElement
  readonly empty: HTMLElement
  readonly noMatch: HTMLElement
  readonly bring: HTMLButtonElement
}

export interface Events {
  /** A stream has begun after these, oldest first. */
  readonly begin: (recent: readonly LiveEvent[]) => void
  readonly add: (event: LiveEvent) => void
}

export function startEventsView(view: EventsView, addresses: () => Addresses): Events {
  /** Newest first. */
  let records: TopicRecord[] = []
  let waiting: TopicRecord[] = []
  const rows = new Map<string, readonly HTMLElement[]>()
  const hold = watchHold(view.body)
  let hasBegun = false
  const looks = startLookFurther(view, (found) => {
    const isAsked = document.activeElement === view.further
    records = mergeRecords(records, found, currentPlace())
    show()
    // What was pressed is gone where something was found.
    if (isAsked && view.noMatch.hidden) enterRows(view.body)
  })

  /** Somebody points at a row, or reads one that is open. */
  function isHeld(): boolean {
    return hold.isHeld() || view.body.querySelector('.is-open') !== null
  }

  /** A later stream brings what the one before has missed, and much of what is here. */
  function begin(recent: readonly LiveEvent[]): void {
    const known = new Set(records.map(placeOf))
    const unknown = recent.map(fromLive).filter((record) => !known.has(placeOf(record)))
    waiting = keepNewest([...unknown.toReversed(), ...waiting], currentPlace())
    if (hasBegun) return
    hasBegun = true
    bringIn()
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
    if (place.view !== 'events') return
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
    // Nobody knows it before the service has said so.
    const isEmpty = hasBegun && shown.length === 0
    const isFiltered = place.search + place.status !== ''
    view.empty.hidden = !isEmpty || isFiltered
    view.noMatch.hidden = !isEmpty || !isFiltered
    looks.show(records)
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

  view.bring.addEventListener('click', () => {
    const isByKey = view.bring.matches(':focus-visible')
    bringIn()
    if (isByKey) enterRows(view.body)
  })
  setInterval(letIn, LET_IN_EVERY_MS)
  followPlace(show)
  return { begin, add }
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
