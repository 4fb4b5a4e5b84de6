/**
 * The rules of a lane: what it does next, given what it knows and what it has just heard. Pure: no
 * clock, no I/O, no promise. driver.ts carries the effects out; test/model plays these very rules.
 *
 *   idle ──taken──▶ sent ──acked──▶ idle                     what was taken over, and what is parked
 *                    │ ──refused──▶ idle: refused, or                          │
 *                    │             in smaller batches again                    ▼
 *                    └─ ──any other answer, or none──▶ asking ──▶ looking ──nothing is missing──▶ idle
 *                                                       ▲            │
 *                                                       └─ resending ◀┘ something is missing
 *
 * The broker takes the batches of one producer in the order of their sequence numbers, each number
 * once. So the numbers are a compare-and-append of the partition (docs/decisions/0014): whoever sends
 * an event uses the producer that the event was stored with and the number that was free when the look
 * began. Of two senders the broker takes one.
 *
 * L1  One request: a lane waits for the end of one before it sends the next. Two could overtake each other.
 * L2  Refused is proven: each request with the event was a first one, and the broker answered it by an
 *     error that it gives before it appends.
 * L3  Doubt is sticky: an event that may have left elsewhere or before is acked, or stays in doubt.
 * L4  An ack counts only for a first request, at an offset above every earlier one, not as a repeat, and
 *     where no late request of this lane may have had the numbers. Any other ack may be that of another
 *     batch.
 * L5  Ask before look: the numbers are asked for before the topic is read, and it is read to where it
 *     ended after the answer. Otherwise a request that arrives between the two is counted and missed.
 * L6  Only what is replicated counts as read: the rest may be taken back, and its offset given away.
 * L7  Between two looks one batch a producer: a second would use numbers that nobody asked for.
 * L8  An ack of what is sent after a look proves nothing: a late request may have had the numbers. It
 *     is asked and looked for once more.
 * L9  An unknown sender is reported before anything else is sent.
 * L10 No size holds the partition: a batch in doubt that does not get through gets smaller, an event that
 *     is refused alone is parked, and the others pass.
 * L11 A look that fails continues where it stopped, as long as the lane lives.
 *
 * Lanes of one leader send together while they are well (L15): sharing.ts.
 * Upheld by the driver: nothing is sent without the lease (L12); what is cancelled is not on the topic
 * and no request with it is under way (L13); a new event is sent only as the producer that it is stored
 * with (L14).
 */
import assert from 'node:assert/strict'
import type { ProducerIdentity } from '../../../models/order-event.ts'
import { sequenceAfter } from './batch-size.ts'
import { ask, askLater, doubtOf, hearNumbers, hearPage, resend } from './doubt.ts'
import type { LaneEntry } from './entry.ts'
import type { Attempt, Decision, Doubt, LaneEffect, LaneInput, LaneState } from './state.ts'

/** Of a lane that has just found its broker. */
export function openLane(producer: ProducerIdentity, highWatermark: number): LaneState {
  return {
    station: { kind: 'idle' },
    own: { ...producer, firstSequence: 0 },
    mayBeTaken: false,
    // L6
    lastOffset: highWatermark - 1,
    doubtedUntilMs: -Infinity,
    narrow: undefined,
    parked: [],
  }
}

/** The same lane behind a connection that may be new. Others may have written in the meantime. */
export function reopenLane(
  state: LaneState | undefined,
  producer: ProducerIdentity,
  highWatermark: number,
): LaneState {
  if (state === undefined) return openLane(producer, highWatermark)
  // L4: with a request under way it is the offset before that request that counts.
  if (state.station.kind !== 'idle' || highWatermark - 1 <= state.lastOffset) return state
  return { ...state, lastOffset: highWatermark - 1 }
}

export function decide(state: LaneState, input: LaneInput): Decision {
  switch (input.kind) {
    case 'taken':
      return sendFirst(state, input.events)
    case 'taken-over':
      return recover(state, input.events)
    case 'parked-due':
      return retryParked(state, input.isAll)
    case 'acked':
      return hearAck(state, input)
    case 'failed':
      return hearFailure(state, input)
    case 'numbers':
      return hearNumbers(state, input.next)
    case 'looked':
      return hearPage(state, input)
    case 'deadline-passed':
      return passDeadline(state, input.nowMs)
  }
}

/** The events that have left, or may have, and have no definite outcome; those parked not included. */
export function eventsUnderWay({ station }: LaneState): readonly LaneEntry[] {
  switch (station.kind) {
    case 'idle':
      return []
    case 'sent':
      return station.events
    case 'asking':
    case 'looking':
    case 'resending':
      return station.doubt.events
  }
}

type Input<Kind> = Extract<LaneInput, { readonly kind: Kind }>

function sendFirst(state: LaneState, events: readonly LaneEntry[]): Decision {
  assertIdle(state)
  const { own: numbers } = state
  const eventsLeft = (state.narrow?.eventsLeft ?? 0) - events.length
  const narrow =
    state.narrow === undefined || eventsLeft <= 0 ? undefined : { ...state.narrow, eventsLeft }
  return {
    state: { ...state, narrow, station: { kind: 'sent', events, numbers } },
    effects: [{ kind: 'send', events, numbers, isFirst: true }],
  }
}

/** L3: they have left elsewhere, as far as is known here. L5: so the numbers come first. */
function recover(
  state: LaneState,
  events: readonly LaneEntry[],
  attempts: ReadonlyArray<Attempt> = [],
  batchEventsMax = Infinity,
): Decision {
  assertIdle(state)
  return ask(state, { ...doubtOf(events, attempts), batchEventsMax })
}

/**
 * All of them, or two, each alone: the smallest, which is the first that the topic takes when its limit
 * rises, and the one that waits longest, since not all are refused for their size.
 */
function retryParked(state: LaneState, isAll: boolean): Decision {
  const [longest] = state.parked
  assert(longest !== undefined, 'something is parked')
  const attempts = [noRequest(state)]
  if (isAll) return recover({ ...state, parked: [] }, state.parked, attempts)
  const smallest = state.parked.reduce((min, event) => (event.bytes < min.bytes ? event : min))
  const tried = new Set([longest, smallest])
  const parked = state.parked.filter((event) => !tried.has(event))
  return recover({ ...state, parked }, [...tried], attempts, 1)
}

function hearAck(state: LaneState, { baseOffset, isRepeat }: Input<'acked'>): Decision {
  const { station } = state
  const searchFromOffset = Math.max(0, baseOffset)
  if (station.kind === 'sent') {
    const { events, numbers } = station
    if (isRepeat || state.mayBeTaken || baseOffset <= state.lastOffset) {
      // L4: the topic was made anew, or another request has used the numbers.
      const doubt = doubtOf(events, [{ numbers, events }])
      return ask(state, {
        ...doubt,
        searchFromOffset: Math.min(doubt.searchFromOffset, searchFromOffset),
      })
    }
    const firstSequence = sequenceAfter(numbers.firstSequence, events.length)
    const { narrow } = state
    return {
      state: {
        ...state,
        own: { ...numbers, firstSequence },
        narrow: narrow && { ...narrow, batchEventsMax: narrow.batchEventsMax * 2 },
        lastOffset: baseOffset + events.length - 1,
        station: { kind: 'idle' },
      },
      effects: [{ kind: 'ack', events, baseOffset }],
    }
  }
  assert(station.kind === 'resending', 'an ack answers a request')
  const doubt = {
    ...station.doubt,
    searchFromOffset: Math.min(station.doubt.searchFromOffset, searchFromOffset),
  }
  const [, next, ...rest] = station.attempts
  if (next !== undefined) return resend(state, doubt, [next, ...rest])
  // L8, and L7: each producer has had its batch. The next ones may be larger again.
  return ask(state, { ...doubt, batchEventsMax: doubt.batchEventsMax * 2 })
}

function hearFailure(state: LaneState, { verdict, reason }: Input<'failed'>): Decision {
  const { station } = state
  switch (station.kind) {
    case 'idle':
      return assert.fail('nothing is under way')
    case 'sent': {
      const { events, numbers } = station
      if (verdict === 'unknown') {
        return askLater(state, doubtOf(events, [{ numbers, events }]), reason)
      }
      return refuse(state, events, verdict, reason)
    }
    case 'resending':
      // L3: this request put nothing on the topic, but an earlier one may have.
      if (verdict === 'event-refused') {
        return shrink(state, station.doubt, station.attempts[0], reason)
      }
      return askLater(
        state,
        // L10: it may be too large for the link, which nobody says.
        verdict === 'unknown' ? smaller(station.doubt, station.attempts[0]) : station.doubt,
        reason,
      )
    case 'asking':
    case 'looking':
      return askLater(state, station.doubt, reason)
  }
}

/** L2. Of several events one may be to blame: those that are still waited for go in halves again. */
function refuse(
  state: LaneState,
  events: readonly LaneEntry[],
  verdict: 'event-refused' | 'partition-refused',
  reason: string,
): Decision {
  const idle: LaneState = { ...state, station: { kind: 'idle' } }
  if (verdict === 'partition-refused') {
    return {
      state: idle,
      effects: [
        { kind: 'report-refusal', reason },
        { kind: 'refuse', events, reason },
      ],
    }
  }
  const isWaitedFor = ({ deadlineMs }: LaneEntry): boolean =>
    events.length > 1 && deadlineMs > state.doubtedUntilMs
  const again = events.filter(isWaitedFor)
  const refused = events.filter((event) => !isWaitedFor(event))
  const effects: Array<LaneEffect> = []
  if (refused.length > 0) effects.push({ kind: 'refuse', events: refused, reason })
  if (again.length === 0) return { state: idle, effects }
  effects.push({ kind: 'requeue', events: again })
  const eventsLeft = again.length + (state.narrow?.eventsLeft ?? 0)
  const narrow = { batchEventsMax: halfOf(events.length), eventsLeft }
  return { state: { ...idle, narrow }, effects }
}

/** L10 */
function shrink(state: LaneState, doubt: Doubt, refused: Attempt, reason: string): Decision {
  const [first, ...more] = refused.events
  assert(first !== undefined, 'a batch has events')
  if (more.length > 0) {
    return ask(state, smaller(doubt, refused))
  }
  // L11, also when it is tried again.
  const { searchFromOffset } = doubt
  const parked = [...state.parked, { ...first, searchFromOffset, refusal: reason }]
  const mayBeTaken = state.mayBeTaken || first.pending.producer.id === state.own.id
  const events = doubt.events.filter((event) => event !== first)
  if (events.length === 0) {
    return { state: { ...state, parked, mayBeTaken, station: { kind: 'idle' } }, effects: [] }
  }
  const others = doubt.attempts.filter((attempt) => !attempt.events.includes(first))
  const attempts = [...others, noRequest(state)]
  // The next may be refused as well: a large batch would be halved once more for each of them.
  return ask({ ...state, parked, mayBeTaken }, { ...doubt, events, attempts, batchEventsMax: 1 })
}

/** L9: no request of this lane's has the number that comes next. Whatever takes it shows. */
function noRequest({ own }: LaneState): Attempt {
  return { numbers: own, events: [] }
}

function smaller(doubt: Doubt, { events }: Attempt): Doubt {
  return { ...doubt, batchEventsMax: halfOf(events.length) }
}

function passDeadline(state: LaneState, nowMs: number): Decision {
  const due = eventsUnderWay(state).filter(({ deadlineMs }) => deadlineMs <= nowMs)
  return {
    state: { ...state, doubtedUntilMs: nowMs },
    effects: due.length === 0 ? [] : [{ kind: 'put-in-doubt', events: due }],
  }
}

function halfOf(count: number): number {
  return Math.ceil(count / 2)
}

function assertIdle({ station }: LaneState): void {
  assert(station.kind === 'idle', 'L1: nothing is under way')
}
