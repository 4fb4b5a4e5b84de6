import assert from 'node:assert/strict'

import type { KeyedChange, SettledEvent, SettledOrder } from '../../business/ports.ts'
import {
  type OrderEvent,
  type OrderEventType,
  type PendingEvent,
  type PublishedEvent,
} from '../../models/order-event.ts'
import type { PlacedEvent } from '../../business/stream/settled-feed.ts'
import type { Order, OrderStatus } from '../../models/order.ts'

/** What `order_events` holds of an event from the moment it is reserved. */
export interface EventRow {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  readonly type: string
  readonly time: string
  readonly traceparent: string | null
  /** Null for an event from before it was recorded. */
  readonly topic: string | null
  readonly partition: number
  readonly searchFromOffset: number
  readonly producerId: number | null
  readonly producerEpoch: number | null
  readonly schemaId: number
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The order after the change, as JSON, amounts in minor units. */
  readonly state: string
  readonly idempotencyKey: string | null
  readonly requestFingerprint: string | null
}

export interface SettledEventRow {
  readonly eventId: string
  readonly type: string
  readonly version: number
  readonly time: string
  readonly status: string
  readonly topic: string | null
  readonly partition: number
  readonly offset: number
  readonly schemaId: number
}

export interface PublishedEventRow extends Pick<
  EventRow,
  | 'eventId'
  | 'type'
  | 'version'
  | 'time'
  | 'traceparent'
  | 'topic'
  | 'partition'
  | 'schemaId'
  | 'key'
  | 'value'
  | 'state'
> {
  readonly offset: number
  readonly settledAt: string
}

/** Its status is that of its state. */
export interface PlacedEventRow extends Omit<SettledEventRow, 'status'> {
  readonly settling: number
  readonly arrival: number
  readonly state: string
  readonly settledAt: string
}

export interface KeyedChangeRow extends OrderRow {
  readonly fingerprint: string
  readonly isSettled: boolean
}

/** Names one pending event. The event id tells it from a later one that took its free version. */
export interface EventKey {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
}

export interface OrderRow {
  readonly version: number
  readonly state: string
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
  assertCount(producer?.id ?? 0, 'producerId')
  assert.equal(event.type === 'order-created', event.version === 1, 'version 1 is the creation')
  return {
    eventId: event.eventId,
    orderId: event.order.orderId,
    version: event.version,
    type: event.type,
    time: event.time,
    traceparent: event.traceparent ?? null,
    topic: topic ?? null,
    partition,
    searchFromOffset,
    producerId: producer?.id ?? null,
    producerEpoch: producer?.epoch ?? null,
    schemaId: encoded.schemaId,
    key: encoded.key,
    value: encoded.value,
    state: JSON.stringify(event.order),
    idempotencyKey: retryKey?.idempotencyKey ?? null,
    requestFingerprint: retryKey?.fingerprint ?? null,
  }
}

export function toPendingEvent(row: EventRow): PendingEvent {
  return {
    event: toOrderEvent(row),
    encoded: { key: row.key, value: row.value, schemaId: row.schemaId },
    ...toRetryKey(row),
    ...(row.topic === null ? {} : { topic: row.topic }),
    partition: row.partition,
    searchFromOffset: row.searchFromOffset,
    ...toProducer(row),
  }
}

function toOrderEvent(
  row: Pick<EventRow, 'eventId' | 'type' | 'version' | 'time' | 'state' | 'traceparent'>,
): OrderEvent {
  return {
    eventId: row.eventId,
    type: row.type as OrderEventType,
    version: row.version,
    time: row.time,
    order: toOrder(row.state),
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  }
}

export function toPublishedEvent(row: PublishedEventRow): PublishedEvent {
  return {
    event: toOrderEvent(row),
    encoded: { key: row.key, value: row.value, schemaId: row.schemaId },
    topic: row.topic ?? undefined,
    position: { partition: row.partition, offset: row.offset },
    settledAt: row.settledAt,
  }
}

function toRetryKey(row: EventRow): Pick<PendingEvent, 'retryKey'> {
  const { idempotencyKey, requestFingerprint } = row
  if (idempotencyKey === null || requestFingerprint === null) return {}
  return { retryKey: { idempotencyKey, fingerprint: requestFingerprint } }
}

function toProducer({ producerId, producerEpoch }: EventRow): Pick<PendingEvent, 'producer'> {
  if (producerId === null || producerEpoch === null) return {}
  return { producer: { id: producerId, epoch: producerEpoch } }
}

export function toSettledOrder(row: OrderRow): SettledOrder {
  return { order: toOrder(row.state), version: row.version }
}

export function toSettledEvent(row: SettledEventRow): SettledEvent {
  return {
    eventId: row.eventId,
    type: row.type as OrderEventType,
    version: row.version,
    time: row.time,
    status: row.status as OrderStatus,
    topic: row.topic ?? undefined,
    position: { partition: row.partition, offset: row.offset },
    schemaId: row.schemaId,
  }
}

export function toPlacedEvent(row: PlacedEventRow): PlacedEvent {
  const { settling, arrival, state, settledAt } = row
  const order = toOrder(state)
  const event = toSettledEvent({ ...row, status: order.status })
  return { ...event, place: { settling, arrival }, order, settledAt }
}

export function toKeyedChange(row: KeyedChangeRow): KeyedChange {
  const { fingerprint, isSettled } = row
  return { ...toSettledOrder(row), fingerprint, isSettled }
}

export function toEventKey({ event }: PendingEvent): EventKey {
  return { eventId: event.eventId, orderId: event.order.orderId, version: event.version }
}

/** No schema check: this database has one owner, and `toEventRow` wrote the text. */
function toOrder(state: string): Order {
  return JSON.parse(state) as Order
}

/** SQLite would give back another number for what is not one: our bug. */
export function assertCount(value: number, name: string): void {
  assert.ok(Number.isSafeInteger(value) && value >= 0, `${name} is not a count: ${value}`)
}
