import type { MessageRecord } from '@platformatic/kafka'
import type { Acked, PublishOutcome, Refused } from '../../business/ports.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { eventHeaders } from './event-headers.ts'

/** Both bounds stay well below the broker's default `message.max.bytes` of 1 MiB. */
const BATCH_EVENTS_MAX = 500
const BATCH_BYTES_MAX = 900_000

/** More than headers and record framing take; they are not worth measuring one by one. */
const RECORD_OVERHEAD_BYTES = 1_024

/** Sequence numbers go on at 0 after 2^31 - 1. */
export const SEQUENCE_COUNT = 2 ** 31

export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCE_COUNT
}

/** One event in a lane, and who waits for it. */
export interface LaneEntry {
  readonly pending: PendingEvent
  readonly deadlineMs: number
  readonly resolve: (outcome: PublishOutcome) => void
  /** Set once its caller was told "in doubt": who waits from then on. */
  doubt: PromiseWithResolvers<Acked | Refused> | undefined
}

export interface LaneBatch {
  readonly entries: readonly LaneEntry[]
  /** Made once: every try sends the same bytes, which is what the broker recognises a repeat by. */
  readonly records: MessageRecord[]
  /** How many Produce requests with any of these events have left, as far as can be known. */
  requestsSent: number
  sentAtMs: number | undefined
  /** If one of its events is on the topic, it is at this offset or above. */
  searchFromOffset: number
  /** Given at the first try, and the same at each: of two batches with them the broker takes one. */
  numbers: BatchNumbers | undefined
  /** Another may send these as well, or our numbers prove nothing any more: look on the topic first. */
  mustLookUp: boolean
  /** An ack may then be that of another batch with the same numbers. */
  isContested: boolean
}

/** What the broker tells one batch of a partition from another by. */
export interface BatchNumbers {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Of its first record. */
  readonly firstSequence: number
}

/** Removes the next batch from the front of the queue: at least one event, if there is one. */
export function takeBatch(queue: LaneEntry[], eventsMax: number): LaneEntry[] {
  let bytes = 0
  let count = 0
  for (const { pending } of queue) {
    bytes += pending.encoded.key.length + pending.encoded.value.length + RECORD_OVERHEAD_BYTES
    if (count > 0 && bytes > BATCH_BYTES_MAX) break
    count += 1
    if (count === Math.min(eventsMax, BATCH_EVENTS_MAX)) break
  }
  return queue.splice(0, count)
}

/** Removes the next batch of events that were stored with the same producer. */
export function takeRecovered(queue: LaneEntry[]): LaneEntry[] {
  const producer = queue[0]?.pending.producer
  const other = queue.findIndex(
    ({ pending }) =>
      pending.producer?.id !== producer?.id || pending.producer?.epoch !== producer?.epoch,
  )
  return takeBatch(queue, other < 0 ? Infinity : other)
}

/**
 * `may-have-left`: an earlier producer may have sent these; they are never refused any more.
 * No record is dated later than `now`: the broker refuses what is too far ahead of its clock, so an
 * event that was left by a clock which ran ahead would stop its partition until that time has come.
 * What may have left is dated `now`: a broker forgets a producer whose last record is dated a day ago,
 * and with it the numbers by which it knows a repeat.
 */
export function createBatch(
  topic: string,
  entries: readonly LaneEntry[],
  origin: 'new' | 'may-have-left',
  now: Date,
): LaneBatch {
  return {
    entries,
    records: entries.map(({ pending }) =>
      toRecord(topic, pending, origin === 'new' ? timeOf(pending, now) : now),
    ),
    requestsSent: origin === 'new' ? 0 : 1,
    sentAtMs: undefined,
    searchFromOffset: Math.min(...entries.map(({ pending }) => pending.searchFromOffset)),
    numbers: undefined,
    mustLookUp: origin === 'may-have-left',
    isContested: origin === 'may-have-left',
  }
}

function timeOf({ event }: PendingEvent, now: Date): Date {
  return new Date(Math.min(Date.parse(event.time), now.getTime()))
}

function toRecord(
  topic: string,
  { event, encoded, partition }: PendingEvent,
  time: Date,
): MessageRecord {
  return {
    topic,
    partition,
    key: asBuffer(encoded.key),
    value: asBuffer(encoded.value),
    headers: eventHeaders(event),
    timestamp: BigInt(time.getTime()),
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The definite outcome: for the caller, or for whoever took over when the caller was put in doubt. */
export function resolveDefinite(entry: LaneEntry, outcome: Acked | Refused): void {
  if (entry.doubt === undefined) entry.resolve(outcome)
  else entry.doubt.resolve(outcome)
}

/**
 * Refuses the events of a batch that is proven not on the topic. Of several, those still waited for go
 * again one by one, to find the one that is to blame: these are returned. For the others it is too late.
 */
export function refuse({ entries }: LaneBatch, reason: string): readonly LaneEntry[] {
  const again = entries.filter(({ doubt }) => entries.length > 1 && doubt === undefined)
  for (const entry of entries) {
    if (!again.includes(entry)) resolveDefinite(entry, { kind: 'refused', reason })
  }
  return again
}

/**
 * Whether it fits that nobody but the lane sends with its numbers: the broker has taken this batch and
 * nothing behind it, or it has not taken it and nothing in its place.
 */
export function isSoleSender(
  { numbers, entries }: LaneBatch,
  next: BatchNumbers,
  missingCount: number,
): boolean {
  if (numbers === undefined) return true
  const taken = missingCount === 0 ? entries.length : 0
  return next.firstSequence === sequenceAfter(numbers.firstSequence, taken)
}

/** Tells the caller that there is no answer yet. Once told, the entry stays in doubt until definite. */
export function putInDoubt(entry: LaneEntry): void {
  if (entry.doubt !== undefined) return
  entry.doubt = Promise.withResolvers<Acked | Refused>()
  entry.resolve({ kind: 'in-doubt', resolution: entry.doubt.promise })
}

/** Of those who still wait for an answer; Infinity where nobody does. */
export function earliestDeadline(entries: readonly LaneEntry[]): number {
  return entries.reduce(
    (min, { deadlineMs, doubt }) => (doubt === undefined ? Math.min(min, deadlineMs) : min),
    Infinity,
  )
}
