import type { Currency } from './money.ts'

declare const orderIdBrand: unique symbol

/**
 * Trimmed, 1 to 255 characters, no control characters, no lone surrogates, not `.` or `..`:
 * {@link isOrderId} is the only way in.
 */
export type OrderId = string & { readonly [orderIdBrand]: true }

export const ORDER_ID_LENGTH_MAX = 255

/** As they are within a class of characters. */
const CONTROLS = String.raw`\x00-\x1f\x7f-\x9f`

/** The controls that trimming drops. */
const BREAKS = String.raw`\x09-\x0d`

/**
 * What else it drops. The characters are themselves in the pattern: Go and PCRE read no `\u`, and `\s` is
 * in no two languages the same. U+2028 and U+2029 are left out, because they end a line within a regular
 * expression of generated JavaScript.
 */
const SPACES = `${String.raw`\x20\xa0`}\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff`

const AROUND = `[${BREAKS}${SPACES}]*`
const SPACE = `[${SPACES}]`
const ANY = `[^${CONTROLS}]`
const VISIBLE = `[^${CONTROLS}${SPACES}]`
const NO_DOT = `[^.${CONTROLS}${SPACES}]`

/** Not `.` or `..`, which no URL can carry as a segment of its path, and not spaces alone. */
const BEGINNING = String.raw`(?:\.?${NO_DOT}|\.${SPACE}+${VISIBLE}|\.\.${SPACE}*${VISIBLE})`

/**
 * The pattern of an order id as callers send it, with what trimming drops around it, and so also of a
 * trimmed one. For the OpenAPI document, whose readers know neither Unicode properties nor look-aheads nor
 * halves of characters: lone surrogates are refused besides. No two parts of it can take the same
 * character, so that the time of a mismatch grows with the text and not with its square.
 */
export const ORDER_ID_PATTERN = `^${AROUND}${BEGINNING}${ANY}*(?:[${BREAKS}]${AROUND})?$`

const orderIdRegExp = new RegExp(`(?=${ORDER_ID_PATTERN})^.{1,${ORDER_ID_LENGTH_MAX}}$`, 'su')

export function isOrderId(value: string): value is OrderId {
  return value === value.trim() && value.isWellFormed() && orderIdRegExp.test(value)
}

export const ORDER_STATUSES = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const

export type OrderStatus = (typeof ORDER_STATUSES)[number]

export interface OrderItem {
  readonly itemId: string
  readonly quantity: number
  readonly priceMinor: number
}

/** The event has it as a 32-bit integer. */
export const QUANTITY_MAX = 2 ** 31 - 1

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

/** The customer of an order that was erased. No caller can bring it: an id has a character. */
export const NOBODY = ''

export function isErased({ customerId }: Pick<Order, 'customerId'>): boolean {
  return customerId === NOBODY
}

/** Statuses after which nothing more is expected of an order. */
export const CLOSED_STATUSES = ['cancelled', 'delivered'] as const

export function isClosed({ status }: Pick<Order, 'status'>): boolean {
  return CLOSED_STATUSES.some((closed) => closed === status)
}

/**
 * The sum of price × quantity, in minor units: exact where it is a safe integer. Where the exact one
 * is none this is none either, because nothing of 2^53 or more is ever rounded below.
 */
export function sumItems(items: readonly Pick<OrderItem, 'quantity' | 'priceMinor'>[]): number {
  return items.reduce((sum, item) => sum + item.priceMinor * item.quantity, 0)
}
