/** How much goes into one batch. */
import type { LaneEntry } from './entry.ts'

/** Both bounds stay well below the broker's default `message.max.bytes` of 1 MiB. */
const BATCH_EVENTS_MAX = 500
const BATCH_BYTES_MAX = 900_000

/** Sequence numbers continue at 0 after 2^31 - 1. */
export const SEQUENCE_COUNT = 2 ** 31

export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCE_COUNT
}

/** How many events from the front make the next batch: at least one, if there is one. */
export function countFitting(events: readonly LaneEntry[], eventsMax: number): number {
  const countMax = Math.min(events.length, eventsMax, BATCH_EVENTS_MAX)
  let bytes = 0
  for (let count = 0; count < countMax; count += 1) {
    bytes += events[count]?.bytes ?? 0
    if (count > 0 && bytes > BATCH_BYTES_MAX) return count
  }
  return countMax
}
