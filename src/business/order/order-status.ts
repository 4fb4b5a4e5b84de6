import { ORDER_STATUSES, type OrderStatus } from '../../models/order.ts'

export const STATUS_POLICIES = ['any', 'lifecycle'] as const

/** `any`: every status may follow every other, itself included. `lifecycle`: the table below. */
export type StatusPolicy = (typeof STATUS_POLICIES)[number]

const LIFECYCLE: Record<OrderStatus, readonly OrderStatus[]> = {
  pending: ['confirmed', 'cancelled'],
  confirmed: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
}

/** The statuses that an order may get next. */
export function allowedNextStatuses(
  policy: StatusPolicy,
  current: OrderStatus,
): readonly OrderStatus[] {
  return policy === 'any' ? ORDER_STATUSES : LIFECYCLE[current]
}
