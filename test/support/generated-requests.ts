import * as fc from 'fast-check'
import { TOOLS } from '../../src/business/operations/tool-runs.ts'
import { ORDER_STATUSES } from '../../src/models/order.ts'
import { REFUSED_CREATIONS, TAKEN_CREATIONS } from './creation-table.ts'
import { DATES, INSTANTS, mostly, PLACES, someId, sparse } from './request-values.ts'

/**
 * Requests to each operation of the API, as callers send them who mean well and who do not. That none is
 * left out, and none of their parameters and fields, is shown by test/api/generated-requests.test.ts.
 */

export interface GeneratedRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS' | 'DELETE'
  /** With its query, which has at least one parameter where something of an earlier answer may be added. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string
  /** Continues where one of the earlier lists ended; which one is found by this number. */
  readonly cursor?: number
  /** Continues the stream after one of the events that were read from it, found in the same way. */
  readonly lastEvent?: { readonly index: number; readonly in: 'header' | 'query' }
}

export interface Operation {
  /** How often, beside the others. */
  readonly weight: number
  readonly requests: fc.Arbitrary<GeneratedRequest>
}

const JSON_TYPE = { 'content-type': 'application/json' }

const someHeaders = sparse(
  {
    'idempotency-key': mostly(['k1', 'k2', 'K1', '"k1"', 'k'.repeat(255)], ['', 'k 1']),
    'if-match': mostly(['"1"', '"2"', '*', '"1", "2"'], ['W/"1"', '"9999999999"', '1']),
  },
  4,
).map((headers) => ({ ...JSON_TYPE, ...headers }))

const broughtFields = sparse(
  {
    customerId: fc.oneof(fc.constantFrom('C', 'c', 'Ç', 'C '), someId),
    orderDate: mostly(DATES, ['2026-02-31', 'tomorrow']),
    currency: mostly(['EUR', 'jpy', 'KWD'], ['EURO', 'XXX']),
  },
  3,
)

const someItems = fc.oneof(
  { weight: 2, arbitrary: fc.record({ numItems: mostly<number | string>([1, 2], [0, '2']) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      items: fc.array(
        fc.record({
          itemId: someId,
          quantity: mostly([1, 2, 3], [0]),
          price: mostly([1, 2], [0.1, 0.001, 1e12]),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  },
)

const someCreation = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(someId, someItems, broughtFields)
      .map(([orderId, items, brought]) => ({ orderId, ...items, ...brought })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(someId, fc.constantFrom(...TAKEN_CREATIONS))
      .map(([orderId, { body }]) => ({ orderId, ...body })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...REFUSED_CREATIONS).map(({ body }) => body) },
)

function sending<Body extends object | string>(
  method: 'POST' | 'PUT',
  url: string,
  bodies: fc.Arbitrary<Body>,
  headers: fc.Arbitrary<Record<string, string>> = fc.constant(JSON_TYPE),
): fc.Arbitrary<GeneratedRequest> {
  return fc.record({
    method: fc.constant(method),
    url: fc.constant(url),
    headers,
    payload: bodies.map((body) => (typeof body === 'string' ? body : JSON.stringify(body))),
  })
}

const FORMATS = ['application/json', 'application/x-ndjson', 'text/csv', '*/*']

const someAccept = { accept: fc.constantFrom(...FORMATS) }

function reading(
  url: string | fc.Arbitrary<string>,
  headers: Readonly<Record<string, fc.Arbitrary<string>>> = {},
): fc.Arbitrary<GeneratedRequest> {
  return fc.record({
    method: mostly<'GET' | 'HEAD'>(['GET'], ['HEAD']),
    url: typeof url === 'string' ? fc.constant(url) : url,
    headers: sparse(headers, 2) as fc.Arbitrary<Record<string, string>>,
  })
}

/** Also such as no client should send. */
const inPath = fc.oneof(
  { weight: 20, arbitrary: someId.map((id) => encodeURIComponent(id)) },
  { weight: 1, arbitrary: fc.constantFrom('%ff', '%', '%2e', '%2E%2e', 'ORD-1%20', 'ORD%2F1') },
)

function toQuery(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams({ limit: '50', ...parameters }).toString()
}

/** As programs send it that do not encode their parameters: the server reads the `+` as a space. */
const withBarePluses = (query: string): string => query.replaceAll('%2B', '+')

const someCursor = fc
  .constantFrom(...PLACES)
  .map((place) => Buffer.from(place).toString('base64url'))

const someLimit = mostly(['1', '2', '3', '200'], ['0', '201', 'x'])

const someFormat = mostly(['json', 'ndjson', 'csv'], ['xml', 'CSV', ''])

const somePrefix = fc
  .tuple(someId, fc.integer({ min: 1, max: 4 }))
  .map(([id, length]) => Array.from(id).slice(0, length).join(''))

const listQuery = fc
  .tuple(
    sparse(
      {
        orderId: somePrefix,
        status: fc.constantFrom<string>(...ORDER_STATUSES),
        customerId: fc.oneof(fc.constantFrom('C', 'c', 'Ç'), someId),
        from: mostly(INSTANTS, ['2026-02-30', '9999-12-31T23:59:59-01:00']),
        to: mostly(INSTANTS, ['2026-02-30', '1']),
        limit: someLimit,
        format: someFormat,
        cursor: someCursor,
      },
      4,
    ).map(toQuery),
    fc.boolean(),
  )
  .map(([query, isBare]) => (isBare ? withBarePluses(query) : query))

const listContinued = fc
  .tuple(fc.constantFrom('limit=1', 'limit=2', 'limit=2&status=pending'), fc.nat())
  .map(([query, cursor]) => ({
    method: 'GET' as const,
    url: `/api/orders?${query}`,
    headers: {},
    cursor,
  }))

const eventsQuery = sparse({ limit: someLimit, cursor: someCursor, format: someFormat }, 3).map(
  toQuery,
)

const streamQuery = sparse(
  {
    orderId: someId,
    status: mostly<string>(ORDER_STATUSES, ['lost', 'Pending']),
    from: mostly(['beginning', 'recent', 'now'], ['end']),
    lastEventId: fc.constantFrom('0-0', '999999999999999-1', '1', '-1-1', '0-0000000000000000'),
  },
  3,
).map((parameters) => new URLSearchParams({ from: 'beginning', ...parameters }).toString())

const someLastEvent = fc.record({
  index: fc.nat(),
  in: fc.constantFrom('header' as const, 'query' as const),
})

const following: fc.Arbitrary<GeneratedRequest> = fc
  .tuple(
    reading(
      streamQuery.map((query) => `/api/events/stream?${query}`),
      { 'last-event-id': mostly(['0-0'], ['999999999999999-1', '1', '1-', '']) },
    ),
    fc.option(someLastEvent),
  )
  .map(([request, lastEvent]) => (lastEvent === null ? request : { ...request, lastEvent }))

/** By the names that the OpenAPI document gives them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /api/create-order': {
    weight: 80,
    requests: sending('POST', '/api/create-order', someCreation, someHeaders),
  },
  'PUT /api/update-order': {
    weight: 80,
    requests: sending(
      'PUT',
      '/api/update-order',
      fc.record({ orderId: someId, status: mostly<string>(ORDER_STATUSES, ['lost']) }),
      someHeaders,
    ),
  },
  'POST /api/operations/erasures': {
    weight: 15,
    requests: sending('POST', '/api/operations/erasures', fc.record({ orderId: someId })),
  },
  'GET /api/orders/{orderId}': {
    weight: 30,
    requests: reading(
      inPath.map((id) => `/api/orders/${id}`),
      { 'if-none-match': fc.constantFrom('', '"1"', '"2", W/"3"', '*') },
    ),
  },
  'GET /api/orders': {
    weight: 80,
    requests: fc.oneof(
      reading(
        listQuery.map((query) => `/api/orders?${query}`),
        someAccept,
      ),
      listContinued,
    ),
  },
  'GET /api/orders/{orderId}/events': {
    weight: 30,
    requests: reading(
      fc.tuple(inPath, eventsQuery).map(([id, query]) => `/api/orders/${id}/events?${query}`),
      someAccept,
    ),
  },
  'GET /api/orders/{orderId}/events/{version}': {
    weight: 30,
    requests: reading(
      fc
        .tuple(inPath, mostly(['1', '2', '3'], ['999999999', '0', '1.0']))
        .map(([id, version]) => `/api/orders/${id}/events/${version}`),
      { 'if-none-match': fc.constantFrom('"event-1"', '"event-2"', 'W/"event-1"', '*') },
    ),
  },
  'GET /api/events/stream': { weight: 15, requests: following },
  'GET /api/operations/publication': {
    weight: 5,
    requests: reading('/api/operations/publication'),
  },
  'GET /api/operations/settings': { weight: 2, requests: reading('/api/operations/settings') },
  'GET /api/operations/runs': { weight: 3, requests: reading('/api/operations/runs') },
  'POST /api/operations/runs': {
    weight: 3,
    requests: sending(
      'POST',
      '/api/operations/runs',
      fc
        .tuple(
          mostly<string>(TOOLS, ['rebuild']),
          sparse(
            {
              topic: mostly(['order-events', 'order-events-dead'], ['others']),
              since: mostly(['10m', '7d'], ['1s']),
              key: mostly(['ORD', '--json', '.'], ['', 'a\u0000']),
              status: mostly<string>(ORDER_STATUSES, ['lost']),
            },
            2,
          ),
        )
        .map(([tool, options]) => ({ tool, ...options })),
    ),
  },
  'GET /': { weight: 1, requests: reading('/', { accept: fc.constantFrom('text/html', '*/*') }) },
  'GET /health': { weight: 1, requests: reading('/health') },
  'GET /health/live': { weight: 1, requests: reading('/health/live') },
  'GET /health/ready': { weight: 1, requests: reading('/health/ready') },
}
