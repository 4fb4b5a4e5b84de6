import assert from 'node:assert/strict'

import type { KeyedChange, SettledEvent, SettledOrder } from '../../business/ports.ts'
import type {
  EncodedEvent,
  OrderEvent,
  OrderEventType,
  PendingEvent,
  PublishedEvent,
  RecordKey,
  RetryKey,
} from '../../models/order-event.ts'
import type { PlacedEvent } from '../../business/stream/settled-feed.ts'
import type { OrderStatus } from '../../models/order.ts'
import { type StateRow, toInstant, toMilliseconds, toOrder, toState } from './order-state.ts'

/** What `order_events` holds of an event from the moment it is reserved. */
export interface EventRow {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  /** Milliseconds since 1970, as every time of a row. */
  readonly time: number
  readonly traceparent: string | null
  /** Whose request caused it; null where callers are not asked who they are. */
  readonly principal: string | null
  readonly topic: string
  readonly partition: number
  readonly searchFromOffset: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly schemaId: number
  /** Null: the order id in UTF-8. */
  readonly key: Uint8Array | null
  readonly value: Uint8Array
  /** The order after the change: see {@link toState}. */
  readonly state: string
  readonly idempotencyKey: string | null
  readonly requestFingerprint: string | null
}

/** A settled event as it can be read: the columns, and what is made of them. */
export interface StoredEventRow extends EventRow {
  readonly status: string
  readonly offset: number
  readonly settledAt: number
  readonly settling: number
  readonly arrival: number
}

type EventPart<Names extends readonly (keyof StoredEventRow)[]> = Pick<
  StoredEventRow,
  Names[number]
>

const PUBLIC_PART = [
  'eventId',
  'version',
  'time',
  'topic',
  'partition',
  'offset',
  'schemaId',
] as const

/** Of an event that is told as a part of its order's history. */
export const SETTLED_EVENT = [...PUBLIC_PART, 'status'] as const

/** Of one that is told with its bytes. */
export const PUBLISHED_EVENT = [
  ...PUBLIC_PART,
  'orderId',
  'traceparent',
  'principal',
  'key',
  'value',
  'state',
  'settledAt',
] as const

/** Of one that is told with the order after it; its status is that of its state. */
export const PLACED_EVENT = [
  ...PUBLIC_PART,
  'orderId',
  'settling',
  'arrival',
  'state',
  'settledAt',
] as const

export type SettledEventRow = EventPart<typeof SETTLED_EVENT>
export type PublishedEventRow = EventPart<typeof PUBLISHED_EVENT>
export type PlacedEventRow = EventPart<typeof PLACED_EVENT>

export interface KeyedChangeRow extends Omit<OrderRow, 'state'> {
  /** Null: of another request than those that were asked for. */
  readonly state: string | null
  readonly fingerprint: string
  /** SQLite has no booleans. */
  readonly isSettled: boolean | 0 | 1
}

/** Names one pending event. The event id tells it from a later one that took its free version. */
export interface EventKey {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
}

export interface OrderRow extends StateRow {
  readonly version: number
}

export function toEventRow({
  event,
  encoded,
  retryKey,
  topic,
  partition,
  searchFromOffset,
  producer,
}: PendingEvent): EventRow {
  assertCount(event.version, 'version')
  assertCount(partition, 'partition')
  assertCount(searchFromOffset, 'searchFromOffset')
  assertCount(encoded.schemaId, 'schemaId')
  assertCount(producer.id, 'producerId')
  assert.equal(event.type === 'order-created', event.version === 1, 'version 1 is the creation')
  const { orderId } = event.order
  return {
    eventId: event.eventId,
    orderId,
    version: event.version,
    time: toMilliseconds(event.time),
    traceparent: event.traceparent ?? null,
    principal: event.principal ?? null,
    topic,
    partition,
    searchFromOffset,
    producerId: producer.id,
    producerEpoch: producer.epoch,
    schemaId: encoded.schemaId,
    key: toBytes(orderId).equals(encoded.key) ? null : encoded.key,
    value: encoded.value,
    state: toState(event.order),
    idempotencyKey: retryKey?.idempotencyKey ?? null,
    requestFingerprint: retryKey?.fingerprint ?? null,
  }
}

export function toPendingEvent(row: EventRow): PendingEvent {
  return {
    event: toOrderEvent(row),
    encoded: toEncoded(row),
    ...toRetryKey(row),
    topic: row.topic,
    partition: row.partition,
    searchFromOffset: row.searchFromOffset,
    producer: { id: row.producerId, epoch: row.producerEpoch },
  }
}

function toOrderEvent(
  row: StateRow & Pick<EventRow, 'eventId' | 'version' | 'time' | 'traceparent' | 'principal'>,
): OrderEvent {
  return {
    eventId: row.eventId,
    type: toType(row.version),
    version: row.version,
    time: toInstant(row.time),
    order: toOrder(row),
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    ...(row.principal === null ? {} : { principal: row.principal }),
  }
}

export function toPublishedEvent(row: PublishedEventRow): PublishedEvent {
  return {
    event: toOrderEvent(row),
    encoded: toEncoded(row),
    topic: row.topic,
    position: { partition: row.partition, offset: row.offset },
    settledAt: toInstant(row.settledAt),
  }
}

function toEncoded(row: Pick<EventRow, 'orderId' | 'key' | 'value' | 'schemaId'>): EncodedEvent {
  return { key: toKey(row), value: row.value, schemaId: row.schemaId }
}

function toRetryKey(row: EventRow): Pick<PendingEvent, 'retryKey'> {
  const { idempotencyKey, requestFingerprint } = row
  if (idempotencyKey === null || requestFingerprint === null) return {}
  return { retryKey: { idempotencyKey, fingerprint: requestFingerprint } }
}

export function toSettledOrder(row: OrderRow): SettledOrder {
  return { order: toOrder(row), version: row.version }
}

export function toSettledEvent(row: SettledEventRow): SettledEvent {
  return {
    eventId: row.eventId,
    type: toType(row.version),
    version: row.version,
    time: toInstant(row.time),
    status: row.status as OrderStatus,
    topic: row.topic,
    position: { partition: row.partition, offset: row.offset },
    schemaId: row.schemaId,
  }
}

export function toPlacedEvent(row: PlacedEventRow): PlacedEvent {
  const { settling, arrival } = row
  const order = toOrder(row)
  const event = toSettledEvent({ ...row, status: order.status })
  return { ...event, place: { settling, arrival }, order, settledAt: toInstant(row.settledAt) }
}

export function toKeyedChange(
  { fingerprint, isSettled, state, ...row }: KeyedChangeRow,
  asked: RetryKey,
): KeyedChange | 'other-request' {
  if (fingerprint !== asked.fingerprint || state === null) return 'other-request'
  return { ...toSettledOrder({ ...row, state }), isSettled: isSettled === true || isSettled === 1 }
}

export function toEventKey({ event }: PendingEvent): EventKey {
  return { eventId: event.eventId, orderId: event.order.orderId, version: event.version }
}

/** `toEventRow` has seen that there is no other. */
function toType(version: number): OrderEventType {
  return version === 1 ? 'order-created' : 'order-status-changed'
}

export interface RecordKeyRow {
  readonly orderId: string
  readonly topic: string
  readonly partition: number
  readonly key: Uint8Array | null
}

export function toRecordKey(row: RecordKeyRow): RecordKey {
  return { topic: row.topic, partition: row.partition, key: toKey(row) }
}

/** Stored where it is not the order id itself. */
function toKey({ orderId, key }: Pick<EventRow, 'orderId' | 'key'>): Uint8Array {
  return key ?? new Uint8Array(toBytes(orderId))
}

function toBytes(orderId: string): Buffer {
  return Buffer.from(orderId, 'utf8')
}

/** Every number of a call, also in what it was called with. */
export function assertCounts(values: object): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number') assertCount(value, name)
    else if (typeof value === 'object' && value !== null) assertCounts(value)
  }
}

/** SQLite would give back another number for what is not one: our bug. */
export function assertCount(value: number, name: string): void {
  assert.ok(Number.isSafeInteger(value) && value >= 0, `${name} is not a count: ${value}`)
}
