import type { EventPosition } from '../../models/order-event.ts'

/** What is read of a store beside the service that uses it. */
export interface StoreFacts {
  /** What people know it by, without a password. */
  readonly name: string
  /** False: the first start makes its tables. */
  readonly exists: boolean
  readonly pendingCount: number
  /** On its disk; undefined where only the server knows. */
  readonly freeBytes: number | undefined
}

/** What the store holds of an event. */
export interface StoredEvent {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  readonly value: Uint8Array
  /** Undefined while it is pending. */
  readonly position: EventPosition | undefined
}
