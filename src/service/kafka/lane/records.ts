import type { DatedEvent } from '../record-writer.ts'
import type { LaneEntry } from './entry.ts'

/**
 * A first request dates its records by their events. No record is dated later than now: the broker
 * refuses what is too far ahead of its clock, so an event that was left by a clock which ran ahead
 * would stop its partition until that time has come. Every other request dates them by now: a broker
 * forgets a producer whose last record is older than a day, and then no longer knows a repeat.
 */
export function dateEvents(
  entries: readonly LaneEntry[],
  isFirst: boolean,
  nowMs: number,
): DatedEvent[] {
  return entries.map(({ pending, bytes }) => ({
    pending,
    bytes,
    timestampMs: isFirst ? Math.min(Date.parse(pending.event.time), nowMs) : nowMs,
  }))
}
