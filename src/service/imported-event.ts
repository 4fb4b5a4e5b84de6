import type { Order } from '../models/order.ts'
import { readRecordedEvent } from './kafka/recorded-event.ts'
import { readTombstone } from './kafka/tombstones.ts'
import type { PlacedRecord } from './kafka/topic-ranges.ts'
import { decodeOrder, encodeOrder } from './schema-registry/order-codec.ts'
import { toEventRow } from './storage/order-row.ts'
import type { ImportedEvent } from './storage/store-import.ts'

/** What a record is to a store that is completed from the topic. */
export type ReadRecord =
  | { readonly kind: 'event'; readonly event: ImportedEvent }
  | { readonly kind: 'tombstone'; readonly orderId: string }
  /** Of another producer: nothing for the store. */
  | { readonly kind: 'foreign' }
  /** An event of this service that the store cannot hold; the reason follows on "it". */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** The row that a settled event has, from its record: every event is a whole order. */
export function readImportedEvent(topic: string, placed: PlacedRecord): ReadRecord {
  const { record, partition, offset, timestampMs } = placed
  const tombstoneOf = readTombstone(record)
  if (tombstoneOf !== undefined) return { kind: 'tombstone', orderId: tombstoneOf }
  const recorded = readRecordedEvent(record)
  const { key, value } = record
  if (recorded === undefined || value === null || key === null) return { kind: 'foreign' }
  const { eventId, version, time, traceparent, principal } = recorded
  try {
    const { schemaId, order } = decodeWhole(value)
    if (order.orderId !== recorded.orderId) throw new Error('names another order than its header')
    const row = toEventRow({
      event: {
        eventId,
        type: version === 1 ? 'order-created' : 'order-status-changed',
        version,
        time,
        order,
        ...(traceparent !== undefined && { traceparent }),
        ...(principal !== undefined && { principal }),
      },
      encoded: { key: new Uint8Array(key), value: new Uint8Array(value), schemaId },
      topic,
      partition,
      searchFromOffset: offset,
      producer: { id: 0, epoch: 0 },
    })
    return { kind: 'event', event: { ...row, offset, settledAt: timestampMs } }
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Rejects bytes that say more, or other things, than the order that is made of them. */
function decodeWhole(value: Uint8Array): { schemaId: number; order: Order } {
  const decoded = decodeOrder(value)
  if (Buffer.compare(encodeOrder(decoded.order, decoded.schemaId), value) !== 0) {
    throw new Error('has other bytes than this version writes')
  }
  return decoded
}
