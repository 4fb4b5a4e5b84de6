import assert from 'node:assert/strict'

import type { Currency } from '../../models/money.ts'
import type { Order, OrderId, OrderStatus } from '../../models/order.ts'

/**
 * An order as the row of an event has it: without its id, which is a column, and without names, which
 * would be longer than what they name. The databases read the first three. Not from the event's bytes:
 * those are for others, by a schema that may grow.
 */
type StoredState = readonly [
  status: OrderStatus,
  customerId: string,
  orderDate: number,
  currency: Currency,
  totalMinor: number,
  items: readonly (readonly [itemId: string, quantity: number, priceMinor: number])[],
]

export interface StateRow {
  readonly orderId: string
  /** What {@link toState} wrote. */
  readonly state: string
}

/** As JSON. */
export function toState(order: Order): string {
  const { status, customerId, orderDate, currency, totalMinor, items } = order
  const state: StoredState = [
    status,
    customerId,
    toMilliseconds(orderDate),
    currency,
    totalMinor,
    items.map(({ itemId, quantity, priceMinor }) => [itemId, quantity, priceMinor]),
  ]
  return JSON.stringify(state)
}

/** No schema check: this database has one owner. */
export function toOrder({ orderId, state }: StateRow): Order {
  const stored = JSON.parse(state) as StoredState
  const [status, customerId, orderDate, currency, totalMinor, items] = stored
  return {
    orderId: orderId as OrderId,
    customerId,
    orderDate: toInstant(orderDate),
    items: items.map(([itemId, quantity, priceMinor]) => ({ itemId, quantity, priceMinor })),
    totalMinor,
    currency,
    status,
  }
}

/** An order that brings no date has that of its event. */
let latest = { instant: '', milliseconds: 0 }

/** Since 1970. Another form than {@link toInstant} writes would not come back: that is our bug. */
export function toMilliseconds(instant: string): number {
  if (instant === latest.instant) return latest.milliseconds
  const milliseconds = Date.parse(instant)
  assert.equal(toInstant(milliseconds), instant)
  latest = { instant, milliseconds }
  return milliseconds
}

export function toInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
