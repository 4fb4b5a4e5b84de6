import type { RetryKey } from '../../models/order-event.ts'
import type { Order, OrderId, OrderStatus } from '../../models/order.ts'

export interface CreateOrder {
  readonly orderId: OrderId
  readonly numItems: number
  readonly retryKey?: RetryKey
  readonly traceparent?: string
}

export interface ChangeOrderStatus {
  readonly orderId: OrderId
  readonly status: OrderStatus
  /** The change is carried out only if the order is at one of these versions. */
  readonly expectedVersions?: readonly number[]
  readonly retryKey?: RetryKey
  readonly traceparent?: string
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
