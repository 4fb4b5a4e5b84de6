import assert from 'node:assert/strict'
import { Type } from 'typebox'
import { formatParameter } from '../list-format.ts'
import { fieldInvalid, type RequestError } from '../request-errors.ts'
import type { OrderPlace } from '../../business/ports.ts'
import { DAY_OR_INSTANT_PATTERN, startToUtc, toUtc } from '../../models/instant.ts'
import {
  isOrderId,
  ORDER_ID_LENGTH_MAX,
  ORDER_STATUSES,
  type OrderStatus,
} from '../../models/order.ts'
import { idText } from './order-requests.ts'
import { ruled, START_FORMAT } from './rule.ts'

/** Queries of lists, and the cursor between two pages of one. */

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 200
const CURSOR_LENGTH_MAX = 2_000

const INSTANT_RULE =
  'must be a date (2026-01-31) or a date and time with its offset (2026-01-31T12:00:00Z)'

const CURSOR_RULE = 'must be the nextCursor of an earlier answer'

function instant(purpose: string) {
  return Type.Optional(
    Type.String({
      ...ruled(purpose, INSTANT_RULE),
      pattern: DAY_OR_INSTANT_PATTERN,
      format: START_FORMAT,
    }),
  )
}

const limit = Type.Integer({
  ...ruled('How many at most.', `must be an integer from 1 to ${LIMIT_MAX}`),
  minimum: 1,
  maximum: LIMIT_MAX,
  default: LIMIT_DEFAULT,
})

const cursor = Type.String({
  ...ruled('Goes on after an earlier page.', CURSOR_RULE),
  pattern: String.raw`^[\w\-]+$`,
  maxLength: CURSOR_LENGTH_MAX,
})

/** Any beginning of an id: it may be a dot, and end with a space. */
export function idPrefix(purpose: string) {
  return Type.String({
    ...ruled(purpose, `must be 1 to ${ORDER_ID_LENGTH_MAX} characters without control characters`),
    minLength: 1,
    maxLength: ORDER_ID_LENGTH_MAX,
    pattern: String.raw`^[^\x00-\x1f\x7f-\x9f]+$`,
  })
}

export const listOrdersRequest = Type.Object({
  orderId: Type.Optional(idPrefix('Only orders whose ids begin with exactly this.')),
  status: Type.Optional(
    Type.Unsafe<OrderStatus>(
      Type.String({
        ...ruled('Only orders in this status.', `must be one of ${ORDER_STATUSES.join(', ')}`),
        enum: [...ORDER_STATUSES],
      }),
    ),
  ),
  customerId: Type.Optional(idText('Only orders of this customer.')),
  from: instant('Only orders whose orderDate is this instant or later.'),
  to: instant('Only orders whose orderDate is before this instant.'),
  limit: Type.Optional(limit),
  cursor: Type.Optional(cursor),
  format: Type.Optional(formatParameter),
})

export const listEventsRequest = Type.Object({
  limit: Type.Optional(limit),
  cursor: Type.Optional(cursor),
  format: Type.Optional(formatParameter),
})

export function limitOf(query: { readonly limit?: number }): number {
  return query.limit ?? LIMIT_DEFAULT
}

/** Before validation: the most entries that a query can be answered with. */
export function limitOrMost(query: unknown): number {
  const { limit: asked } = query as { readonly limit?: unknown }
  if (asked === undefined) return LIMIT_DEFAULT
  const number = Number(asked)
  return number >= 1 && number <= LIMIT_MAX ? number : LIMIT_MAX
}

/** As orders are dated in the store. Of a text that the schema has taken. */
export function readStart(text: string): string {
  const utc = startToUtc(text)
  assert.ok(utc !== undefined)
  return utc
}

/** Opaque to callers: what it says may change. */
export function writeCursor(place: readonly [string | number, string?]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** PostgreSQL counts so far, and fails beyond. */
const VERSION_MAX = 2 ** 31 - 1

/** Callers can make cursors, too: what no store can compare is refused here. Throws REQUEST_INVALID. */
export function readOrderCursor(text: string): OrderPlace {
  const [orderDate, orderId] = readPlace(text)
  if (
    typeof orderDate !== 'string' ||
    toUtc(orderDate) !== orderDate ||
    typeof orderId !== 'string' ||
    !isOrderId(orderId)
  ) {
    throw invalid('cursor', CURSOR_RULE)
  }
  return { orderDate, orderId }
}

/** The version after which to go on. Throws REQUEST_INVALID. */
export function readEventCursor(text: string): number {
  const [version] = readPlace(text)
  if (!Number.isInteger(version) || Number(version) < 1 || Number(version) > VERSION_MAX) {
    throw invalid('cursor', CURSOR_RULE)
  }
  return Number(version)
}

function readPlace(text: string): readonly unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(place)) return place
  } catch {
    // Not one of ours.
  }
  throw invalid('cursor', CURSOR_RULE)
}

function invalid(field: string, rule: string): RequestError {
  return fieldInvalid(field, rule)
}
