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
 * L2  Refused is proven: one request with the event ever left, and the broker answered it by an error
 *     that it gives before it appends.
 * L3  Doubt is sticky: an event that may have left elsewhere or before is acked, or stays in doubt.
 * L4  An ack counts only for a first request, at an offset above every earlier one, and not as a
 *     repeat. Any other ack may be that of another batch.
 * L5  Ask before look: the numbers are asked for before the topic is read, and it is read to where it
 *     ended after the answer. Otherwise a request that arrives between the two is counted and missed.
 * L6  Only what is replicated counts as read: the rest may be taken back, and its offset given away.
 * L7  Between two looks one batch a producer: a second would use numbers that nobody asked for.
 * L8  An ack of what is sent after a look proves nothing: a late request may have had the numbers. It
 *     is asked and looked for once more.
 * L9  An unknown sender is reported before anything else is sent.
 * L10 Nothing holds the partition: a batch in doubt that is too large gets smaller, an event that is
 *     refused alone is parked, and the others pass.
 * L11 Reading goes on where it stopped: no failure makes a look begin again.
 *
 * Upheld by the driver: nothing is sent without the lease (L12); cancelled is what never left the
 * queue (L13); an event is sent only as the producer that it is stored with (L14).
 */
import assert from 'node:assert/strict'
import { countFitting, sequenceAfter } from './batch-size.ts'
import type {
  Attempt,
  Decision,
  Doubt,
  LaneEffect,
  LaneEvent,
  LaneInput,
  LaneState,
  NextNumbers,
  Station,
} from './state.ts'

/** A record that is not replicated for so long may never be: the leader may have lost its office. */
const EMPTY_PAGES_MAX = 20

export function decide<Event extends LaneEvent>(
  state: LaneState<Event>,
  input: LaneInput<Event>,
): Decision<Event> {
  switch (input.kind) {
    case 'taken':
      return sendFirst(state, input.events)
    case 'taken-over':
      return recover(state, input.events)
    case 'parked-due':
      return retryParked(state)
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
export function eventsUnderWay<Event extends LaneEvent>({
  station,
}: LaneState<Event>): readonly Event[] {
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

type Input<Event extends LaneEvent, Kind> = Extract<LaneInput<Event>, { readonly kind: Kind }>

function sendFirst<Event extends LaneEvent>(
  state: LaneState<Event>,
  events: readonly Event[],
): Decision<Event> {
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
function recover<Event extends LaneEvent>(
  state: LaneState<Event>,
  events: readonly Event[],
): Decision<Event> {
  assertIdle(state)
  return ask(state, {
    events,
    searchFromOffset: lowestOffset(events),
    batchEventsMax: Infinity,
    attempts: [],
  })
}

/** The smallest is the first that the topic takes when its limit rises. */
function retryParked<Event extends LaneEvent>(state: LaneState<Event>): Decision<Event> {
  const [smallest, ...parked] = state.parked.toSorted((one, other) => one.bytes - other.bytes)
  assert(smallest !== undefined, 'something is parked')
  return recover({ ...state, parked }, [smallest])
}

function hearAck<Event extends LaneEvent>(
  state: LaneState<Event>,
  { baseOffset, isRepeat }: Input<Event, 'acked'>,
): Decision<Event> {
  const { station } = state
  const searchFromOffset = Math.max(0, baseOffset)
  if (station.kind === 'sent') {
    const { events, numbers } = station
    if (isRepeat || baseOffset <= state.lastOffset) {
      // L4: the topic was made anew, or somebody else has used the numbers.
      const doubt = doubtOf(events, [{ numbers, events }])
      return ask(state, {
        ...doubt,
        searchFromOffset: Math.min(doubt.searchFromOffset, searchFromOffset),
      })
    }
    const firstSequence = sequenceAfter(numbers.firstSequence, events.length)
    return {
      state: {
        ...state,
        own: { ...numbers, firstSequence },
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
  // L8, and L7: when each producer has had its batch.
  return next === undefined ? ask(state, doubt) : resend(state, doubt, [next, ...rest])
}

function hearFailure<Event extends LaneEvent>(
  state: LaneState<Event>,
  { verdict, reason }: Input<Event, 'failed'>,
): Decision<Event> {
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
      if (verdict === 'event-refused') return shrink(state, station.doubt, station.attempts[0])
      return askLater(state, station.doubt, reason)
    case 'asking':
    case 'looking':
      return askLater(state, station.doubt, reason)
  }
}

/** L2. Of several events one may be to blame: those that are still waited for go in halves again. */
function refuse<Event extends LaneEvent>(
  state: LaneState<Event>,
  events: readonly Event[],
  verdict: 'event-refused' | 'partition-refused',
  reason: string,
): Decision<Event> {
  const idle: LaneState<Event> = { ...state, station: { kind: 'idle' } }
  if (verdict === 'partition-refused') {
    return {
      state: idle,
      effects: [
        { kind: 'report-refusal', reason },
        { kind: 'refuse', events, reason },
      ],
    }
  }
  const isWaitedFor = ({ deadlineMs }: Event): boolean =>
    events.length > 1 && deadlineMs > state.doubtedUntilMs
  const again = events.filter(isWaitedFor)
  const refused = events.filter((event) => !isWaitedFor(event))
  const effects: Array<LaneEffect<Event>> = []
  if (refused.length > 0) effects.push({ kind: 'refuse', events: refused, reason })
  if (again.length === 0) return { state: idle, effects }
  effects.push({ kind: 'requeue', events: again })
  const eventsLeft = again.length + (state.narrow?.eventsLeft ?? 0)
  const narrow = { batchEventsMax: halfOf(events.length), eventsLeft }
  return { state: { ...idle, narrow }, effects }
}

/** L10 */
function shrink<Event extends LaneEvent>(
  state: LaneState<Event>,
  doubt: Doubt<Event>,
  { events: refused }: Attempt<Event>,
): Decision<Event> {
  const [first, ...others] = refused
  assert(first !== undefined, 'a batch has events')
  if (others.length > 0) {
    return ask(state, { ...doubt, batchEventsMax: halfOf(refused.length) })
  }
  const parked = [...state.parked, first]
  const events = doubt.events.filter((event) => event !== first)
  if (events.length === 0) {
    return { state: { ...state, parked, station: { kind: 'idle' } }, effects: [] }
  }
  const attempts = doubt.attempts.filter((attempt) => !attempt.events.includes(first))
  return ask({ ...state, parked }, { ...doubt, events, attempts, batchEventsMax: Infinity })
}

function hearNumbers<Event extends LaneEvent>(
  state: LaneState<Event>,
  numbers: readonly NextNumbers[],
): Decision<Event> {
  const { station } = state
  assert(station.kind === 'asking', 'the broker was asked for numbers')
  const { doubt } = station
  const { id, epoch, firstSequence } = numbers.find((next) => next.id === state.own.id) ?? state.own
  const looking = {
    kind: 'looking',
    doubt,
    numbers,
    // L5: where the log ends is asked now.
    untilOffset: undefined,
    emptyPages: 0,
  } as const
  return look({ ...state, own: { id, epoch, firstSequence } }, looking)
}

function hearPage<Event extends LaneEvent>(
  state: LaneState<Event>,
  page: Input<Event, 'looked'>,
): Decision<Event> {
  const { station } = state
  assert(station.kind === 'looking', 'the topic was read')
  const effects: Array<LaneEffect<Event>> = []
  const missing: Event[] = []
  for (const event of station.doubt.events) {
    const baseOffset = page.offsets.get(event.pending.event.eventId)
    if (baseOffset === undefined) missing.push(event)
    else effects.push({ kind: 'ack', events: [event], baseOffset })
  }
  const { nextOffset } = page
  const untilOffset = station.untilOffset ?? page.untilOffset
  const isEmpty = nextOffset === station.doubt.searchFromOffset
  // L11
  const doubt = { ...station.doubt, events: missing, searchFromOffset: nextOffset }
  const decision =
    missing.length > 0 && nextOffset < untilOffset
      ? readOn(state, { ...station, doubt, untilOffset }, isEmpty)
      : endLook(state, doubt, station.numbers, untilOffset)
  return { state: decision.state, effects: [...effects, ...decision.effects] }
}

function readOn<Event extends LaneEvent>(
  state: LaneState<Event>,
  station: Extract<Station<Event>, { kind: 'looking' }>,
  isEmpty: boolean,
): Decision<Event> {
  const emptyPages = isEmpty ? station.emptyPages + 1 : 0
  // L6
  if (emptyPages < EMPTY_PAGES_MAX) return look(state, { ...station, emptyPages })
  const { doubt } = station
  return askLater(state, doubt, `the record at offset ${doubt.searchFromOffset} is not replicated`)
}

/** All is read, up to `untilOffset`. */
function endLook<Event extends LaneEvent>(
  before: LaneState<Event>,
  doubt: Doubt<Event>,
  numbers: readonly NextNumbers[],
  untilOffset: number,
): Decision<Event> {
  const readOffset = doubt.searchFromOffset - 1
  // Lower than before where the topic was made anew.
  const lastOffset = Math.min(Math.max(before.lastOffset, readOffset), untilOffset - 1)
  const missing = new Set(doubt.events)
  const state: LaneState<Event> = { ...before, lastOffset, station: { kind: 'idle' } }
  const suspicion: Array<LaneEffect<Event>> = numbers.some((next) =>
    isTakenByOther(next, doubt.attempts, missing),
  )
    ? [{ kind: 'suspect-takeover' }]
    : []
  const [first, ...rest] = numbers.flatMap((next) => attemptOf(next, doubt))
  if (first === undefined) {
    assert(missing.size === 0, 'each event in doubt has a producer whose numbers are known')
    return { state, effects: suspicion }
  }
  const attempts = doubt.attempts.filter((attempt) => isStillFree(attempt, numbers))
  const { state: resending, effects } = resend(state, { ...doubt, attempts }, [first, ...rest])
  // L9
  return { state: resending, effects: [...suspicion, ...effects] }
}

/**
 * Whether the numbers of this lane's requests have gone to somebody else's batch. It fits the lane alone
 * that none of them was taken, or one request with all its events and nothing behind it.
 */
function isTakenByOther<Event extends LaneEvent>(
  { id, firstSequence, isKnown }: NextNumbers,
  attempts: ReadonlyArray<Attempt<Event>>,
  missing: ReadonlySet<Event>,
): boolean {
  const own = attempts.filter(({ numbers }) => numbers.id === id)
  // A producer that the broker has forgotten shows nothing.
  if (own.length === 0 || !isKnown) return false
  const isNoneTaken = own.every(
    ({ numbers, events }) =>
      numbers.firstSequence === firstSequence && events.every((event) => missing.has(event)),
  )
  const isOneTaken = own.some(
    ({ numbers, events }) =>
      sequenceAfter(numbers.firstSequence, events.length) === firstSequence &&
      !events.some((event) => missing.has(event)),
  )
  return !isNoneTaken && !isOneTaken
}

/** The next batch of that producer; none where nothing of it is missing. */
function attemptOf<Event extends LaneEvent>(
  { id, epoch, firstSequence }: NextNumbers,
  { events, batchEventsMax }: Doubt<Event>,
): Array<Attempt<Event>> {
  const ofProducer = events.filter(({ pending }) => pending.producer.id === id)
  const count = countFitting(ofProducer, batchEventsMax)
  if (count === 0) return []
  return [{ numbers: { id, epoch, firstSequence }, events: ofProducer.slice(0, count) }]
}

function isStillFree<Event extends LaneEvent>(
  { numbers: { id, firstSequence } }: Attempt<Event>,
  numbers: readonly NextNumbers[],
): boolean {
  return numbers.some((next) => next.id === id && next.firstSequence === firstSequence)
}

function resend<Event extends LaneEvent>(
  state: LaneState<Event>,
  doubt: Doubt<Event>,
  attempts: readonly [Attempt<Event>, ...Array<Attempt<Event>>],
): Decision<Event> {
  const [{ numbers, events }] = attempts
  const isRepeated = doubt.attempts.some(
    (earlier) => earlier.numbers.id === numbers.id && earlier.events.length === events.length,
  )
  const known = isRepeated ? doubt.attempts : [...doubt.attempts, attempts[0]]
  const station = { kind: 'resending', doubt: { ...doubt, attempts: known }, attempts } as const
  return {
    state: { ...state, station },
    effects: [{ kind: 'send', events, numbers, isFirst: false }],
  }
}

function ask<Event extends LaneEvent>(
  state: LaneState<Event>,
  doubt: Doubt<Event>,
): Decision<Event> {
  const producers = new Map(
    doubt.events.map(({ pending: { producer } }) => [producer.id, producer]),
  )
  return {
    state: { ...state, station: { kind: 'asking', doubt } },
    effects: [{ kind: 'ask', producers: [...producers.values()] }],
  }
}

function askLater<Event extends LaneEvent>(
  before: LaneState<Event>,
  doubt: Doubt<Event>,
  reason: string,
): Decision<Event> {
  const { state, effects } = ask(before, doubt)
  return { state, effects: [{ kind: 'back-off', reason }, ...effects] }
}

function look<Event extends LaneEvent>(
  state: LaneState<Event>,
  station: Extract<Station<Event>, { kind: 'looking' }>,
): Decision<Event> {
  const { doubt, untilOffset } = station
  const { events, searchFromOffset: fromOffset } = doubt
  return {
    state: { ...state, station },
    effects: [{ kind: 'look', events, fromOffset, untilOffset }],
  }
}

function passDeadline<Event extends LaneEvent>(
  state: LaneState<Event>,
  nowMs: number,
): Decision<Event> {
  const due = eventsUnderWay(state).filter(({ deadlineMs }) => deadlineMs <= nowMs)
  return {
    state: { ...state, doubtedUntilMs: nowMs },
    effects: due.length === 0 ? [] : [{ kind: 'put-in-doubt', events: due }],
  }
}

function doubtOf<Event extends LaneEvent>(
  events: readonly Event[],
  attempts: ReadonlyArray<Attempt<Event>>,
): Doubt<Event> {
  return {
    events,
    searchFromOffset: lowestOffset(events),
    batchEventsMax: Infinity,
    attempts,
  }
}

function lowestOffset(events: readonly LaneEvent[]): number {
  return events.reduce((min, { searchFromOffset }) => Math.min(min, searchFromOffset), Infinity)
}

function halfOf(count: number): number {
  return Math.ceil(count / 2)
}

function assertIdle<Event extends LaneEvent>({ station }: LaneState<Event>): void {
  assert(station.kind === 'idle', 'L1: nothing is under way')
}
