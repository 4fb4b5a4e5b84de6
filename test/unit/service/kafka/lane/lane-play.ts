import assert from 'node:assert/strict'
import type { OrderId } from '../../../../../src/models/order.ts'
import { createEntry, type LaneEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import { decide, openLane } from '../../../../../src/service/kafka/lane/rules.ts'
import type {
  LaneEffect,
  LaneInput,
  LaneState,
  NextNumbers,
  ProduceVerdict,
} from '../../../../../src/service/kafka/lane/state.ts'
import { somePending } from '../../../../support/some-event.ts'

/** The rules of a lane as given, when, then. Effects and stations are read as words. */

/** The lane sends new events as this producer. */
export const OWN = 7
/** Another lane's. */
export const OTHER = 8

const OPENED = openLane({ id: OWN, epoch: 0 }, 10)

/** Its numbers begin at 0; the partition ends at offset 10, and it knows that. */
export function given(state: LaneState = OPENED): Given {
  return { when: (input) => hear(state, input) }
}

export interface Given {
  when(input: LaneInput): Heard
}

interface Heard extends Given {
  /** Then: the effects, in their order. */
  does(...effects: readonly string[]): Heard
  /** And the station. */
  is(station: string): Heard
  readonly state: LaneState
}

function hear(before: LaneState, input: LaneInput): Heard {
  const { state, effects } = decide(before, input)
  const heard: Heard = {
    state,
    when: (next) => hear(state, next),
    does(...expected) {
      assert.deepEqual(effects.map(inWords), expected)
      return heard
    },
    is(station) {
      assert.equal(state.station.kind, station)
      return heard
    },
  }
  return heard
}

interface EventParts {
  readonly producer?: number
  readonly from?: number
  readonly deadlineMs?: number
  readonly valueBytes?: number
}

/** An event by its name: its order's. */
export function event(name: string, parts: EventParts = {}): LaneEntry {
  const { producer = OWN, from = 10, deadlineMs = 5_000, valueBytes = 100 } = parts
  const pending = somePending({ orderId: name as OrderId, searchFromOffset: from, valueBytes })
  return createEntry({ ...pending, producer: { id: producer, epoch: 0 } }, deadlineMs, () => {})
}

export function taken(...events: readonly LaneEntry[]): LaneInput {
  return { kind: 'taken', events }
}

export function takenOver(...events: readonly LaneEntry[]): LaneInput {
  return { kind: 'taken-over', events }
}

export const parkedDue: LaneInput = { kind: 'parked-due', isAll: false }

/** The smallest got through. */
export const allParkedDue: LaneInput = { kind: 'parked-due', isAll: true }

export function acked(baseOffset: number): LaneInput {
  return { kind: 'acked', baseOffset, isRepeat: false }
}

export function ackedAsRepeat(baseOffset: number): LaneInput {
  return { kind: 'acked', baseOffset, isRepeat: true }
}

export function failed(verdict: ProduceVerdict): LaneInput {
  return { kind: 'failed', verdict, reason: 'WHY' }
}

export function numbers(...next: ReadonlyArray<readonly [id: number, next: number]>): LaneInput {
  const known = next.map(([id, firstSequence]): NextNumbers => {
    return { id, epoch: 0, firstSequence, isKnown: true }
  })
  return { kind: 'numbers', next: known }
}

/** The broker does not know the producer, and takes any number. */
export function anyNumber(id: number, firstSequence: number): LaneInput {
  return { kind: 'numbers', next: [{ id, epoch: 0, firstSequence, isKnown: false }] }
}

interface Page {
  readonly found?: ReadonlyArray<readonly [event: LaneEntry, offset: number]>
  readonly to: number
  readonly of: number
}

export function page({ found = [], to, of }: Page): LaneInput {
  const offsets = new Map(found.map(([{ pending }, offset]) => [pending.event.eventId, offset]))
  return { kind: 'looked', offsets, nextOffset: to, untilOffset: of }
}

export function deadline(nowMs: number): LaneInput {
  return { kind: 'deadline-passed', nowMs }
}

function inWords(effect: LaneEffect): string {
  switch (effect.kind) {
    case 'send': {
      const { numbers: next, events, isFirst } = effect
      return `send ${names(events)} as ${next.id}/${next.firstSequence}${isFirst ? ', first' : ''}`
    }
    case 'ask':
      return `ask ${effect.producers.map(({ id }) => id).join(' ')}`
    case 'look': {
      const { events, fromOffset, untilOffset } = effect
      const until = untilOffset === undefined ? '' : ` until ${untilOffset}`
      return `look for ${names(events)} from ${fromOffset}${until}`
    }
    case 'back-off':
      return `back off: ${effect.reason}`
    case 'ack':
      return `ack ${names(effect.events)} at ${effect.baseOffset}`
    case 'refuse':
      return `refuse ${names(effect.events)}`
    case 'report-refusal':
      return 'report the refusal'
    case 'requeue':
      return `requeue ${names(effect.events)}`
    case 'put-in-doubt':
      return `put in doubt ${names(effect.events)}`
    case 'suspect-takeover':
      return 'suspect a takeover'
  }
}

export function names(events: readonly LaneEntry[]): string {
  return events.map(({ pending }) => pending.event.order.orderId).join(' ')
}
