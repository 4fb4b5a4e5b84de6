import type { Currency } from './money.ts'

declare const orderIdBrand: unique symbol

/** Trimmed, 1 to 255 characters, no control characters: {@link isOrderId} is the only way in. */
export type OrderId = string & { readonly [orderIdBrand]: true }

export const ORDER_ID_LENGTH_MAX = 255

/**
 * What an order id must look like after trimming: no control character, no lone surrogate. In ranges
 * instead of Unicode properties, so that tools in other languages can read it in the OpenAPI document.
 */
export const ORDER_ID_PATTERN = String.raw`^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]+$`

const orderIdRegExp = new RegExp(`(?=${ORDER_ID_PATTERN})^.{1,${ORDER_ID_LENGTH_MAX}}$`, 'su')

export function isOrderId(value: string): value is OrderId {
  return value === value.trim() && orderIdRegExp.test(value)
}

export const ORDER_STATUSES = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const

export type OrderStatus = (typeof ORDER_STATUSES)[number]

export interface OrderItem {
  readonly itemId: string
  readonly quantity: number
  readonly priceMinor: number
}

export interface Order {
  readonly orderId: OrderId
  readonly customerId: string
  /** ISO 8601, UTC, with `Z`. */
  readonly orderDate: string
  readonly items: readonly OrderItem[]
  readonly totalMinor: number
  readonly currency: Currency
  readonly status: OrderStatus
}

/** The sum of price × quantity, in minor units. */
export function sumItems(items: readonly OrderItem[]): number {
  return items.reduce((sum, item) => sum + item.priceMinor * item.quantity, 0)
}
