import type { Order } from './order.ts'

export const ORDER_EVENT_TYPES = ['order-created', 'order-status-changed'] as const

export type OrderEventType = (typeof ORDER_EVENT_TYPES)[number]

/** As others know them: `ce_type`. */
export const CLOUD_EVENT_TYPES: Readonly<Record<OrderEventType, string>> = {
  'order-created': 'com.ecommerce.order.created',
  'order-status-changed': 'com.ecommerce.order.status-changed',
}

/** A fact about one order, and the whole order as it is after it. */
export interface OrderEvent {
  /** UUID v7; consumers drop a repeated event by it (`ce_id`). */
  readonly eventId: string
  readonly type: OrderEventType
  /** 1 for the creation, then without gaps (`ce_sequence`). */
  readonly version: number
  /** ISO 8601, UTC, with `Z` (`ce_time`). */
  readonly time: string
  readonly order: Order
  /** W3C trace context of the request that caused it, where it carried one. */
  readonly traceparent?: string
  /** Whose request caused it, where callers say who they are: see `models/caller.ts`. */
  readonly principal?: string
}

/** The bytes that go on the topic, made once, before the event is stored: every copy is the same. */
export interface EncodedEvent {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly schemaId: number
}

/** Where records of an order stand: a key has another partition once partitions were added. */
export interface RecordKey {
  readonly topic: string
  readonly partition: number
  readonly key: Uint8Array
}

/** As the broker knows the sender of a batch. Of each it takes the batch that comes next, and no other. */
export interface ProducerIdentity {
  /** A safe integer, though Kafka would allow larger ones. */
  readonly id: number
  readonly epoch: number
}

/** By which a request that is sent again is known. */
export interface RetryKey {
  /** The header `Idempotency-Key`, behind its principal where callers say who they are. */
  readonly idempotencyKey: string
  /** SHA-256, in hex, of what was asked for: one key belongs to one request. */
  readonly fingerprint: string
}

/** A stored event without an offset. All of them together are the outbox. */
export interface PendingEvent {
  readonly event: OrderEvent
  readonly encoded: EncodedEvent
  /** Of the request that caused it, where it carried one. */
  readonly retryKey?: RetryKey
  readonly topic: string
  readonly partition: number
  /**
   * The partition's end as the lane knew it before the event was stored. If the event is on the
   * topic, it is at this offset or above: recovery reads from here.
   */
  readonly searchFromOffset: number
  /**
   * The sender that the lane was when the event was admitted. An instance that takes the event over sends
   * as the same one: so of two that send it the broker takes one.
   */
  readonly producer: ProducerIdentity
}

/** Where an acked event stands on the topic. */
export interface EventPosition {
  readonly partition: number
  readonly offset: number
}

/** A settled event as it stands on the topic. */
export interface PublishedEvent {
  readonly event: OrderEvent
  readonly encoded: EncodedEvent
  readonly topic: string
  readonly position: EventPosition
  /** When it became a fact, by the store's clock: ISO 8601, UTC, with `Z`. */
  readonly settledAt: string
}
