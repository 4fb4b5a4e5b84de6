import assert from 'node:assert/strict'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { OrderQueries } from '../../business/order/queries.ts'
import type { OrderQuery, SettledOrder } from '../../business/ports.ts'
import { LIST_BYTES_MAX } from '../admission/list-places.ts'
import { entityTag, ifNoneMatchHeader, isNamedByIfNoneMatch } from '../entity-tags.ts'
import type { ProblemCode } from '../problems.ts'
import {
  countMessage,
  EVENT_COLUMNS,
  listEventsAnswer,
  listOrdersAnswer,
  ORDER_COLUMNS,
  toOrderEventJson,
} from '../schemas/list-answers.ts'
import { sendList } from '../send-list.ts'
import { eventAnswer, eventPath, toDescribedEventJson } from '../schemas/event-answer.ts'
import { readEventCursor, readOrderCursor, writeCursor } from '../schemas/list-cursor.ts'
import {
  limitOf,
  listEventsRequest,
  listOrdersRequest,
  readStart,
} from '../schemas/list-requests.ts'
import { orderAnswerSchema, orderMessage, toOrderJson } from '../schemas/order-json.ts'
import { orderPath } from '../schemas/order-requests.ts'

const FOUND = 'found'

const ETAG = { ETag: { type: 'string', description: 'The version of the order, in quotes.' } }

const EVENT_ETAG = { ETag: { type: 'string', description: 'The id of the event, in quotes.' } }

const TAGS = ['Orders']

const QUERY_PROBLEMS: readonly ProblemCode[] = [
  'REQUEST_INVALID',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'STORE_UNAVAILABLE',
  'SERVICE_FULL',
]

/** What one event takes in a list of them; the topic has 249 characters at most. */
const EVENT_BYTES_MAX = 1_024

/** What an order takes in a list but for its items: two names of 255 characters, each of 4 bytes. */
const ORDER_BYTES_MAX = 2_560

/** An item of it: a name of 255 characters, quantity and price. */
const ITEM_BYTES_MAX = 1_152

/** One event with its record: the order, and its bytes as base64. */
const EVENT_PART = 2.5

const GET_ORDER_SCHEMA = {
  operationId: 'getOrder',
  summary: 'Read an order',
  description:
    'The order as its last confirmed change left it, and its version as ETag. A change that may ' +
    'still vanish is never shown.',
  tags: TAGS,
  params: orderPath,
  headers: Type.Object({ 'If-None-Match': ifNoneMatchHeader }),
  response: {
    200: Object.assign(orderAnswerSchema(FOUND, 'The order.', 'confirmed'), { headers: ETAG }),
    304: { description: 'The order is as If-None-Match names it.', type: 'null', headers: ETAG },
  },
}

const LIST_ORDERS_SCHEMA = {
  operationId: 'listOrders',
  summary: 'List orders',
  description:
    'Orders as their last confirmed changes left them, the newest first by orderDate. Going on by the cursor, no ' +
    'order is shown twice and none is left out, also while orders are added. A page may have fewer than ' +
    'limit where orders may be large; nextCursor tells whether there are more. As JSON, as lines of ' +
    'JSON, or as CSV, in which what a spreadsheet would take for a formula has an apostrophe ' +
    'before it.',
  tags: TAGS,
  querystring: listOrdersRequest,
  response: { 200: listOrdersAnswer },
}

const LIST_EVENTS_SCHEMA = {
  operationId: 'listOrderEvents',
  summary: 'Read the history of an order',
  description:
    'Every confirmed change: what was published, when, and where it stands on the topic. As JSON, ' +
    'as lines of JSON, or as CSV.',
  tags: TAGS,
  params: orderPath,
  querystring: listEventsRequest,
  response: { 200: listEventsAnswer },
}

const GET_EVENT_SCHEMA = {
  operationId: 'getOrderEvent',
  summary: 'Read one event of an order',
  description:
    'A confirmed change with all that its record on the topic is made of: key, headers and bytes.',
  tags: TAGS,
  params: eventPath,
  headers: Type.Object({ 'If-None-Match': ifNoneMatchHeader }),
  response: {
    200: Object.assign(eventAnswer, { headers: EVENT_ETAG }),
    304: { description: 'The event is known.', type: 'null', headers: EVENT_ETAG },
  },
}

/**
 * A query is text; this one number is read before validation, which does not convert. No id begins with a
 * space, so the beginning of one does not either. A `+` that is not encoded arrives as a space: before the
 * offset of an instant it can have been nothing else.
 */
function tidyQuery(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const query = request.query as Record<string, unknown>
  const { limit, orderId: prefix } = query
  if (typeof prefix === 'string') query['orderId'] = prefix.trimStart()
  if (typeof limit === 'string' && /^\d{1,9}$/.test(limit)) query['limit'] = Number(limit)
  for (const field of ['from', 'to']) {
    const instant = query[field]
    if (typeof instant === 'string')
      query[field] = instant.replace(/(?<=T.*) (?=\d{2}(?::?\d{2})?$)/i, '+')
  }
  done()
}

export function registerQueryRoutes(
  fastify: FastifyInstance,
  queries: OrderQueries,
  itemsMax: () => number,
): void {
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const orderBytesMax = (): number => ORDER_BYTES_MAX + itemsMax() * ITEM_BYTES_MAX
  const pageOrdersMax = (): number => Math.max(1, Math.floor(LIST_BYTES_MAX / orderBytesMax()))

  server.route({
    method: 'GET',
    url: '/api/orders/:orderId',
    schema: GET_ORDER_SCHEMA,
    config: {
      problemCodes: [...QUERY_PROBLEMS, 'ORDER_NOT_FOUND'],
      access: 'orders:read',
      work: { kind: 'read', bytesMax: orderBytesMax },
    },
    handler: async (request, reply) => {
      const { order, version } = await queries.getOrder(request.params.orderId)
      if (isKnownToCaller(request, reply, entityTag(version))) return reply.code(304).send()
      return {
        success: true as const,
        message: orderMessage(order.orderId, FOUND),
        data: toOrderJson(order),
      }
    },
  })

  server.route({
    method: 'GET',
    url: '/api/orders',
    schema: LIST_ORDERS_SCHEMA,
    config: {
      problemCodes: QUERY_PROBLEMS,
      access: 'orders:read',
      work: { kind: 'list', entryBytesMax: orderBytesMax },
    },
    preValidation: tidyQuery,
    handler: async (request, reply) => {
      const { orderId, status, customerId, from, to, cursor } = request.query
      const asked = Math.min(limitOf(request.query), pageOrdersMax())
      const query: OrderQuery = {
        ...(orderId === undefined ? {} : { orderIdPrefix: orderId }),
        ...(status === undefined ? {} : { status }),
        ...(customerId === undefined ? {} : { customerId }),
        ...(from === undefined ? {} : { from: readStart(from) }),
        ...(to === undefined ? {} : { to: readStart(to) }),
        ...(cursor === undefined ? {} : { after: placeOf(readOrderCursor(cursor)) }),
        // One more tells whether there is a next page.
        limit: asked + 1,
      }
      const found = await queries.listOrders(query)
      if (isGone(reply)) return reply
      const page = found.slice(0, Math.min(asked, pageOrdersMax()))
      return sendList(request, reply, {
        message: countMessage(page.length, 'order'),
        rows: page.map(({ order }) => toOrderJson(order)),
        columns: ORDER_COLUMNS,
        fileName: 'orders',
        nextCursor: found.length > page.length ? orderCursor(page.at(-1)) : null,
      })
    },
  })

  server.route({
    method: 'GET',
    url: '/api/orders/:orderId/events',
    schema: LIST_EVENTS_SCHEMA,
    config: {
      problemCodes: [...QUERY_PROBLEMS, 'ORDER_NOT_FOUND'],
      access: 'orders:read',
      work: { kind: 'list', entryBytesMax: () => EVENT_BYTES_MAX },
    },
    preValidation: tidyQuery,
    handler: async (request, reply) => {
      const { cursor } = request.query
      const limit = limitOf(request.query)
      const after = cursor === undefined ? 0 : placeOf(readEventCursor(cursor))
      const found = await queries.listOrderEvents(request.params.orderId, after, limit + 1)
      if (isGone(reply)) return reply
      const page = found.slice(0, limit)
      const last = page.at(-1)
      return sendList(request, reply, {
        message: countMessage(page.length, 'event'),
        rows: page.map(toOrderEventJson),
        columns: EVENT_COLUMNS,
        fileName: 'order-events',
        nextCursor: found.length > limit && last ? writeCursor([last.version]) : null,
      })
    },
  })

  server.route({
    method: 'GET',
    url: '/api/orders/:orderId/events/:version',
    schema: GET_EVENT_SCHEMA,
    config: {
      problemCodes: [...QUERY_PROBLEMS, 'ORDER_NOT_FOUND', 'EVENT_NOT_FOUND'],
      access: 'orders:read',
      work: { kind: 'read', bytesMax: () => orderBytesMax() * EVENT_PART },
    },
    handler: async (request, reply) => {
      const { orderId, version } = request.params
      const event = await queries.getOrderEvent(orderId, Number(version))
      const tag = entityTag(event.event.eventId)
      if (isKnownToCaller(request, reply, tag)) return reply.code(304).send()
      return {
        success: true as const,
        message: `Event ${version} of order '${orderId}' found`,
        data: toDescribedEventJson(event),
      }
    },
  })
}

/** Tags the answer, which may be kept and is asked for again each time. */
function isKnownToCaller({ headers }: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header('etag', tag).header('cache-control', 'private, no-cache')
  return isNamedByIfNoneMatch(headers, tag)
}

/** Nobody waits for the page: it is not written. */
function isGone(reply: FastifyReply): boolean {
  if (reply.raw.destroyed) reply.hijack()
  return reply.raw.destroyed
}

/** Of a cursor that the schema has taken. */
function placeOf<Place>(place: Place | undefined): Place {
  assert.ok(place !== undefined)
  return place
}

function orderCursor(last: SettledOrder | undefined): string | null {
  return last === undefined ? null : writeCursor([last.order.orderDate, last.order.orderId])
}
