import type { RetryKey } from '../../models/order-event.ts'
import type { Currency } from '../../models/money.ts'
import type { Order, OrderId, OrderStatus } from '../../models/order.ts'

/** The part of an order that a caller brings; the rest is generated. */
export interface BroughtOrder {
  readonly customerId?: string
  /** ISO 8601, UTC, with `Z` and milliseconds. */
  readonly orderDate?: string
  readonly currency?: Currency
  readonly items?: readonly BroughtItem[]
}

/** The price in major units, because it may be brought without its currency. */
export interface BroughtItem {
  readonly itemId: string
  readonly quantity: number
  readonly price: number
}

/**
 * Aborted when nobody waits for the answer any more: a request that still waits for its turn is not begun.
 * Called for one that has to wait, and for no other.
 */
export type Leaving = () => AbortSignal

export interface CreateOrder {
  readonly orderId: OrderId
  /** As many as are brought, where items are brought. */
  readonly numItems: number
  /**
   * Of the currency, or of one of those that are generated, each price is an exact amount, and so is
   * their sum.
   */
  readonly brought?: BroughtOrder
  readonly leaving?: Leaving
  readonly retryKey?: RetryKey
  readonly traceparent?: string
  /** Whose request it is, where callers say who they are. */
  readonly principal?: string
}

export interface ChangeOrderStatus {
  readonly orderId: OrderId
  readonly status: OrderStatus
  /** The change is carried out only if the order is at one of these versions. */
  readonly expectedVersions?: readonly number[]
  readonly leaving?: Leaving
  readonly retryKey?: RetryKey
  readonly traceparent?: string
  /** Whose request it is, where callers say who they are. */
  readonly principal?: string
}

/** The order as it is after the change. */
export interface ChangedOrder {
  readonly order: Order
  readonly version: number
  /** The change was carried out for an earlier request with the same idempotency key. */
  readonly isReplayed: boolean
}

/** The use cases that change orders, as the outer layers call them. */
export interface OrderCommands {
  createOrder(command: CreateOrder): Promise<ChangedOrder>
  changeOrderStatus(command: ChangeOrderStatus): Promise<ChangedOrder>
}
