/**
 * How a doubt ends: the part of the rules in which the broker is asked, the topic is read, and what is
 * missing is sent again. The picture and the rules by their numbers are in rules.ts.
 */
import assert from 'node:assert/strict'
import { countFitting, sequenceAfter } from './batch-size.ts'
import type { LaneEntry } from './entry.ts'
import type {
  Attempt,
  BatchNumbers,
  Decision,
  Doubt,
  LaneEffect,
  LaneInput,
  LaneState,
  NextNumbers,
  Station,
} from './state.ts'

/** A record that is not replicated for so long may never be: the leader may have lost its office. */
const EMPTY_PAGES_MAX = 20

type Looking = Extract<Station, { readonly kind: 'looking' }>

export function doubtOf(events: readonly LaneEntry[], attempts: ReadonlyArray<Attempt>): Doubt {
  return {
    events,
    searchFromOffset: lowestOffset(events),
    batchEventsMax: Infinity,
    attempts,
  }
}

export function ask(state: LaneState, doubt: Doubt): Decision {
  const producers = new Map(
    doubt.events.map(({ pending: { producer } }) => [producer.id, producer]),
  )
  return {
    state: { ...state, station: { kind: 'asking', doubt } },
    effects: [{ kind: 'ask', producers: [...producers.values()] }],
  }
}

export function askLater(before: LaneState, doubt: Doubt, reason: string): Decision {
  const { state, effects } = ask(before, doubt)
  return { state, effects: [{ kind: 'back-off', reason }, ...effects] }
}

export function hearNumbers(state: LaneState, numbers: readonly NextNumbers[]): Decision {
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

function look(state: LaneState, station: Looking): Decision {
  const { doubt, untilOffset } = station
  const { events, searchFromOffset: fromOffset } = doubt
  return {
    state: { ...state, station },
    effects: [{ kind: 'look', events, fromOffset, untilOffset }],
  }
}

export function hearPage(
  state: LaneState,
  page: Extract<LaneInput, { readonly kind: 'looked' }>,
): Decision {
  const { station } = state
  assert(station.kind === 'looking', 'the topic was read')
  const effects: Array<LaneEffect> = []
  const missing = station.doubt.events.filter((event) => {
    const baseOffset = page.offsets.get(event.pending.event.eventId)
    if (baseOffset !== undefined) effects.push({ kind: 'ack', events: [event], baseOffset })
    return baseOffset === undefined
  })
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

function readOn(state: LaneState, station: Looking, isEmpty: boolean): Decision {
  const emptyPages = isEmpty ? station.emptyPages + 1 : 0
  // L6
  if (emptyPages < EMPTY_PAGES_MAX) return look(state, { ...station, emptyPages })
  const { doubt } = station
  return askLater(state, doubt, `the record at offset ${doubt.searchFromOffset} is not replicated`)
}

/** All is read, up to `untilOffset`. */
function endLook(
  before: LaneState,
  doubt: Doubt,
  numbers: readonly NextNumbers[],
  untilOffset: number,
): Decision {
  const readOffset = doubt.searchFromOffset - 1
  // Lower than before where the topic was made anew.
  const lastOffset = Math.min(Math.max(before.lastOffset, readOffset), untilOffset - 1)
  const missing = new Set(doubt.events)
  const own = ownAfter(before.own, doubt.attempts, missing)
  const mayBeTaken = before.mayBeTaken && !isOwnUsedUp(before.own, doubt.attempts, missing)
  const state: LaneState = { ...before, own, mayBeTaken, lastOffset, station: { kind: 'idle' } }
  const suspicion: Array<LaneEffect> = numbers.some((next) =>
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

/** A batch of this lane is on the topic: no late request can have its number any more. */
function isOwnUsedUp(
  own: BatchNumbers,
  attempts: ReadonlyArray<Attempt>,
  missing: ReadonlySet<LaneEntry>,
): boolean {
  return attempts.some(
    ({ numbers, events }) =>
      numbers.id === own.id && events.length > 0 && !events.some((event) => missing.has(event)),
  )
}

/** A request of the lane's own may have arrived after the broker had said its number. */
function ownAfter(
  own: BatchNumbers,
  attempts: ReadonlyArray<Attempt>,
  missing: ReadonlySet<LaneEntry>,
): BatchNumbers {
  const counts = attempts
    .filter(
      ({ numbers, events }) =>
        numbers.id === own.id &&
        numbers.firstSequence === own.firstSequence &&
        !events.some((event) => missing.has(event)),
    )
    .map(({ events }) => events.length)
  return { ...own, firstSequence: sequenceAfter(own.firstSequence, Math.max(0, ...counts)) }
}

/**
 * Whether the numbers of this lane's requests have gone to somebody else's batch. It fits the lane alone
 * that none of them was taken, or one request with all its events and nothing behind it. That one may
 * have arrived after the broker had said the numbers.
 */
function isTakenByOther(
  { id, firstSequence, isKnown }: NextNumbers,
  attempts: ReadonlyArray<Attempt>,
  missing: ReadonlySet<LaneEntry>,
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
      [0, events.length].some(
        (count) => sequenceAfter(numbers.firstSequence, count) === firstSequence,
      ) && !events.some((event) => missing.has(event)),
  )
  return !isNoneTaken && !isOneTaken
}

/** The next batch of that producer; none where nothing of it is missing. */
function attemptOf(
  { id, epoch, firstSequence }: NextNumbers,
  { events, batchEventsMax }: Doubt,
): Array<Attempt> {
  const ofProducer = events.filter(({ pending }) => pending.producer.id === id)
  const count = countFitting(ofProducer, batchEventsMax)
  if (count === 0) return []
  return [{ numbers: { id, epoch, firstSequence }, events: ofProducer.slice(0, count) }]
}

function isStillFree(
  { numbers: { id, firstSequence } }: Attempt,
  numbers: readonly NextNumbers[],
): boolean {
  return numbers.some((next) => next.id === id && next.firstSequence === firstSequence)
}

export function resend(
  state: LaneState,
  doubt: Doubt,
  attempts: readonly [Attempt, ...Array<Attempt>],
): Decision {
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

function lowestOffset(events: readonly LaneEntry[]): number {
  return events.reduce((min, { searchFromOffset }) => Math.min(min, searchFromOffset), Infinity)
}
