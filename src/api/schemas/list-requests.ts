import assert from 'node:assert/strict'
import { Type } from 'typebox'
import { formatParameter } from '../list-format.ts'
import { DAY_OR_INSTANT_PATTERN, startToUtc } from '../../models/instant.ts'
import { ORDER_ID_LENGTH_MAX, ORDER_STATUSES, type OrderStatus } from '../../models/order.ts'
import { idText } from './order-requests.ts'
import { EVENT_CURSOR_FORMAT, ORDER_CURSOR_FORMAT, ruled, START_FORMAT } from './rule.ts'

/** Queries of lists. */

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 200
const CURSOR_LENGTH_MAX = 2_000

const INSTANT_RULE =
  'must be a date (2026-01-31) or a date and time with its offset (2026-01-31T12:00:00Z)'

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

function cursor(format: string) {
  return Type.String({
    ...ruled('Goes on after an earlier page.', 'must be the nextCursor of an earlier answer'),
    pattern: String.raw`^[\w\-]+$`,
    maxLength: CURSOR_LENGTH_MAX,
    format,
  })
}

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
  cursor: Type.Optional(cursor(ORDER_CURSOR_FORMAT)),
  format: Type.Optional(formatParameter),
})

export const listEventsRequest = Type.Object({
  limit: Type.Optional(limit),
  cursor: Type.Optional(cursor(EVENT_CURSOR_FORMAT)),
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
