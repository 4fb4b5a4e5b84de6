import type { IncomingHttpHeaders } from 'node:http'
import { Type, type Static } from 'typebox'
import { fieldInvalid, type RequestError } from '../request-errors.ts'
import type { FeedStart } from '../../business/stream/live-feed.ts'
import { ORDER_STATUSES, type OrderId, type OrderStatus } from '../../models/order.ts'
import { PLACE_PATTERN, readPlace } from '../stream/event-frame.ts'
import { idText } from './order-requests.ts'
import { ruled } from './rule.ts'

/** What a reader of the stream asks for. */

const PLACE_RULE = 'must be the id of an event of this stream'

const LAST_EVENT_ID = Type.String({
  ...ruled('Goes on after this event; wins over `from`.', PLACE_RULE),
  pattern: PLACE_PATTERN,
})

export const streamHeaders = Type.Object({ 'Last-Event-ID': Type.Optional(LAST_EVENT_ID) })

export const streamRequest = Type.Object({
  orderId: Type.Optional(idText<OrderId>('Only changes of this order.')),
  status: Type.Optional(
    Type.Unsafe<OrderStatus>(
      Type.String({
        ...ruled(
          'Only changes that bring an order into this status.',
          `must be one of ${ORDER_STATUSES.join(', ')}`,
        ),
        enum: [...ORDER_STATUSES],
      }),
    ),
  ),
  from: Type.Optional(
    Type.Unsafe<'beginning' | 'recent' | 'now'>(
      Type.String({
        ...ruled(
          'Where to begin when no event is given to continue after; recent: with some of the last events.',
          'must be beginning, recent or now',
        ),
        enum: ['beginning', 'recent', 'now'],
        default: 'now',
      }),
    ),
  ),
  lastEventId: Type.Optional(
    Type.String({
      ...ruled('For clients that cannot set Last-Event-ID, which wins over it.', PLACE_RULE),
      pattern: PLACE_PATTERN,
    }),
  ),
})

/**
 * Where to begin, and the name of the field that said so. A browser sends the address that it was
 * given again with each new connection, and Last-Event-ID with it, so the header wins.
 * Throws REQUEST_INVALID.
 */
export function readStart(
  headers: IncomingHttpHeaders,
  { lastEventId, from = 'now' }: Static<typeof streamRequest>,
): { field: string; start: FeedStart } {
  const header = headers['last-event-id']
  const field = header === undefined ? 'lastEventId' : 'Last-Event-ID'
  const text = header === undefined ? lastEventId : String(header)
  if (text === undefined) return { field, start: from }
  const place = readPlace(text)
  if (place === undefined) throw notOurs(field)
  return { field, start: place }
}

export function notOurs(field: string): RequestError {
  return fieldInvalid(field, PLACE_RULE)
}
