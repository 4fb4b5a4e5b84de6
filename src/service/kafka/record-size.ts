/**
 * How large an event is on the topic, without encoding it. A broker compares whole batches with
 * `max.message.bytes`, so what decides is the batch's head and every record's framing as well.
 * Source: kafka.apache.org, "Record Batch" and "Record" (message format v2).
 */

import type { PendingEvent } from '../../models/order-event.ts'
import { sumHeaderBytes } from './event-headers.ts'

/** Everything of a batch before its first record, from its offset on. */
export const BATCH_HEAD_BYTES = 61

const ATTRIBUTES_BYTES = 1

/** Of a record that is alone in its batch, or the first: both deltas are 0. */
const FIRST_DELTAS_BYTES = 2

/** A difference of times takes 8 bytes at most (a Date has 54 bits), one of offsets 5. */
const DELTAS_BYTES_MAX = 13

/** The number of headers, which is below 64. */
const HEADER_COUNT_BYTES = 1

/** How many bytes the event takes in a batch of any size: never too few, and at most 12 too many. */
export function recordBytesMax(pending: PendingEvent): number {
  return framed(contentBytes(pending) + DELTAS_BYTES_MAX)
}

/** Exactly how many bytes a batch with this event alone takes: the least that a topic must allow for it. */
export function aloneBytes(pending: PendingEvent): number {
  return BATCH_HEAD_BYTES + framed(contentBytes(pending) + FIRST_DELTAS_BYTES)
}

function contentBytes({ event, encoded: { key, value } }: PendingEvent): number {
  return (
    ATTRIBUTES_BYTES +
    framed(key.length) +
    framed(value.length) +
    HEADER_COUNT_BYTES +
    sumHeaderBytes(event, headerBytes)
  )
}

function headerBytes(nameBytes: number, valueBytes: number): number {
  return framed(nameBytes) + framed(valueBytes)
}

/** So many bytes with their length in front: a zigzag varint, which has 7 bits a byte. */
function framed(bytes: number): number {
  let rest = bytes * 2
  let lengthBytes = 1
  while (rest >= 128) {
    rest = Math.floor(rest / 128)
    lengthBytes += 1
  }
  return bytes + lengthBytes
}

/** A pending event that no batch of the topic holds. */
export interface LargeEvent {
  readonly orderId: string
  readonly version: number
  readonly eventId: string
  /** Of a batch with it alone. */
  readonly bytes: number
}

/** Those that a topic with this `max.message.bytes` does not take, in their order. */
export function findLargeEvents(
  pending: readonly PendingEvent[],
  maxMessageBytes: number,
): LargeEvent[] {
  return pending.flatMap((one) => {
    const bytes = aloneBytes(one)
    if (bytes <= maxMessageBytes) return []
    const { eventId, version, order } = one.event
    return [{ orderId: order.orderId, version, eventId, bytes }]
  })
}
