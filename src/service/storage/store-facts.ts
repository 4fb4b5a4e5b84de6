import type { EventPosition } from '../../models/order-event.ts'

/** So many of the events that were settled last are looked at to find where the store ends. */
export const LATEST_EVENTS = 1_000

/** Facts of a store, read beside the service that uses it. */
export interface StoreFacts {
  /** People know it by this; without a password. */
  readonly name: string
  /** False: the first start makes its tables. */
  readonly exists: boolean
  readonly pendingCount: number
  /** On its disk; undefined where only the server knows. */
  readonly freeBytes: number | undefined
}

/** A process that uses the store. */
export interface StoredInstance {
  readonly instanceId: string
  /** ISO 8601, UTC, by the store's clock; undefined where the store belongs to one process. */
  readonly leaseUntil: string | undefined
  readonly joinedAt: string | undefined
}

/** An event as the store holds it. */
export interface StoredEvent {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  /** Empty where it was erased. */
  readonly value: Uint8Array
  /** Its order has no customer any more. */
  readonly isErased: boolean
  /** Undefined while it is pending. */
  readonly position: EventPosition | undefined
}
