import type { Order, OrderId, OrderStatus } from '../../models/order.ts'

export interface CreateOrder {
  readonly orderId: OrderId
  readonly numItems: number
  readonly traceparent?: string
}

export interface ChangeOrderStatus {
  readonly orderId: OrderId
  readonly status: OrderStatus
  readonly traceparent?: string
}

/** The use cases as the outer layers call them. Each resolves with the order as it is after the change. */
export interface OrderCommands {
  createOrder(command: CreateOrder): Promise<Order>
  changeOrderStatus(command: ChangeOrderStatus): Promise<Order>
}

export interface OrderQueries {
  /** Settled state only: no change that may vanish is ever seen. */
  getOrder(orderId: OrderId): Promise<Order>
}
