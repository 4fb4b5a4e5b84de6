import type { MessageRecord } from '@platformatic/kafka'
import type { PendingEvent } from '../../../models/order-event.ts'
import { eventHeaders } from '../event-headers.ts'
import type { LaneEntry } from './entry.ts'

interface Place {
  readonly topic: string
  readonly partition: number
}

/**
 * A first request dates its records by their events. No record is dated later than now: the broker
 * refuses what is too far ahead of its clock, so an event that was left by a clock which ran ahead
 * would stop its partition until that time has come. Every other request dates them by now: a broker
 * forgets a producer whose last record is older than a day, and then no longer knows a repeat.
 */
export function createRecords(
  place: Place,
  entries: readonly LaneEntry[],
  isFirst: boolean,
  now: Date,
): MessageRecord[] {
  const nowMs = now.getTime()
  return entries.map(({ pending }) =>
    createRecord(place, pending, isFirst ? Math.min(Date.parse(pending.event.time), nowMs) : nowMs),
  )
}

function createRecord(
  place: Place,
  { event, encoded }: PendingEvent,
  timestampMs: number,
): MessageRecord {
  return {
    ...place,
    key: asBuffer(encoded.key),
    value: asBuffer(encoded.value),
    headers: eventHeaders(event),
    timestamp: BigInt(timestampMs),
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
