import * as fc from 'fast-check'
import { ORDER_STATUSES } from '../../src/models/order.ts'
import { REFUSED_CREATIONS, TAKEN_CREATIONS } from './creation-table.ts'

/** Requests to the whole API, one after the other, as callers send them who mean well and who do not. */

export interface GeneratedRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** With its query, which has at least one parameter where a cursor may be added. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string
  /** Continues where one of the earlier lists ended; which one is found by this number. */
  readonly cursor?: number
}

/** Few, so that they meet; such as sort, match and fold differently wherever somebody does it wrong. */
const IDS = [
  'ORD-1',
  'ORD-10',
  'ORD-2',
  'ord-1',
  'ORD-1%',
  'ORD_1',
  'ORD-1 2',
  "O'RD",
  'O"RD',
  'O\\RD',
  'a',
  'A',
  'ä',
  'a\u0308',
  'ß',
  'ss',
  'ı',
  'i',
  '日本',
  '\u00ad',
  '\u200bORD-1',
  'ﬀ',
  'ff',
  // By UTF-16 the second of these comes first, by UTF-8 the first.
  '\uffff',
  '😀',
  '😀!',
  '\u{10ffff}',
  '%00',
  '~',
  '...',
  'x'.repeat(255),
  'é'.repeat(255),
]

/** None of them is an id where it is. */
const NO_IDS = ['', ' ', '.', '..', '\u0000', 'a\u0000b', '\u0085', 'x'.repeat(256)]

const DATES = [
  '2026-01-31T12:00:00Z',
  '2026-01-31T13:00:00.0009+01:00',
  '2026-01-31T12:00:00.001Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59Z',
]

const INSTANTS = [
  '2026-01-31',
  '2026-01-31T12:00:00Z',
  '2026-01-31T12:00:00.001Z',
  '0001-01-01',
  '9999-12-31',
  '2026-01-31T13:00:00+01:00',
]

/** The places that our cursors name, and others that their form has room for. */
const PLACES = [
  '["2026-01-31T12:00:00.000Z","ORD-1"]',
  '["2026-01-31T12:00:00.000Z","."]',
  '["","a"]',
  String.raw`["\u0000","ORD-1"]`,
  String.raw`["2026\u0000","ORD-1"]`,
  '["zz","ORD-1"]',
  String.raw`["\ud800","ORD-1"]`,
  String.raw`["2026",""]`,
  '["😀","😀"]',
  '[2026,"a"]',
  '[1]',
  '[2]',
  '[1.5]',
  '[2147483647]',
  '[2147483648]',
  '[9007199254740991]',
  '[1e300]',
  '[]',
  '{}',
  '[[]]',
  'null',
  '"1"',
  '[',
  '',
]

/** One of the first, and once in `every` times one of the others. */
function mostly<Value>(usual: readonly Value[], unusual: readonly Value[], every = 15) {
  return fc.oneof(
    { weight: every - 1, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...unusual) },
  )
}

/** An object that has each of its fields once in so many times. */
function sparse<Fields extends Record<string, string | number>>(
  fields: { readonly [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
  every: number,
): fc.Arbitrary<Partial<Fields>> {
  const pairs = Object.entries(fields).map(([name, value]) =>
    fc.oneof(
      { weight: every - 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: (value as fc.Arbitrary<unknown>).map((one) => [[name, one]]) },
    ),
  )
  return fc.tuple(...pairs).map((found) => Object.fromEntries(found.flat()) as Partial<Fields>)
}

const someId = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(...IDS.slice(0, 3)) },
  { weight: 8, arbitrary: fc.constantFrom(...IDS) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_IDS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }) },
)

const someHeaders = sparse(
  {
    'idempotency-key': mostly(['k1', 'k2', 'K1', '"k1"', 'k'.repeat(255)], ['', 'k 1']),
    'if-match': mostly(['"1"', '"2"', '*', '"1", "2"'], ['W/"1"', '"9999999999"', '1']),
  },
  4,
).map((headers) => ({ 'content-type': 'application/json', ...headers }))

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

const creation: fc.Arbitrary<GeneratedRequest> = fc.record({
  method: fc.constant('POST' as const),
  url: fc.constant('/api/create-order'),
  headers: someHeaders,
  payload: someCreation.map((body) => (typeof body === 'string' ? body : JSON.stringify(body))),
})

const update: fc.Arbitrary<GeneratedRequest> = fc.record({
  method: fc.constant('PUT' as const),
  url: fc.constant('/api/update-order'),
  headers: someHeaders,
  payload: fc
    .record({ orderId: someId, status: mostly<string>(ORDER_STATUSES, ['lost']) })
    .map((body) => JSON.stringify(body)),
})

const FORMATS = ['application/json', 'application/x-ndjson', 'text/csv', '*/*']

function reading(
  url: fc.Arbitrary<string>,
  header: 'accept' | 'if-none-match',
  values: readonly string[],
): fc.Arbitrary<GeneratedRequest> {
  return fc.record({
    method: mostly<'GET' | 'HEAD'>(['GET'], ['HEAD']),
    url,
    headers: fc.constantFrom(...values).map((value) => ({ [header]: value })),
  })
}

/** Also such as no client should send. */
const inPath = fc.oneof(
  { weight: 20, arbitrary: someId.map((id) => encodeURIComponent(id)) },
  { weight: 1, arbitrary: fc.constantFrom('%ff', '%', '%2e', '%2E%2e', 'ORD-1%20', 'ORD%2F1') },
)

const toQuery = (parameters: Readonly<Record<string, string>>): string =>
  new URLSearchParams({ limit: '50', ...parameters }).toString()

const someCursor = fc
  .constantFrom(...PLACES)
  .map((place) => Buffer.from(place).toString('base64url'))

const someLimit = mostly(['1', '2', '3', '200'], ['0', '201', 'x'])

const somePrefix = fc
  .tuple(someId, fc.integer({ min: 1, max: 4 }))
  .map(([id, length]) => Array.from(id).slice(0, length).join(''))

const listQuery = sparse(
  {
    orderId: somePrefix,
    status: fc.constantFrom<string>(...ORDER_STATUSES),
    customerId: fc.oneof(fc.constantFrom('C', 'c', 'Ç'), someId),
    from: mostly(INSTANTS, ['2026-02-30', '9999-12-31T23:59:59-01:00']),
    to: mostly(INSTANTS, ['2026-02-30', '1']),
    limit: someLimit,
    format: fc.constantFrom('json', 'ndjson', 'csv'),
    cursor: someCursor,
  },
  4,
).map(toQuery)

const eventsQuery = sparse({ limit: someLimit, cursor: someCursor }, 3).map(toQuery)

const anyRequest: fc.Arbitrary<GeneratedRequest> = fc.oneof(
  { weight: 8, arbitrary: creation },
  { weight: 8, arbitrary: update },
  {
    weight: 3,
    arbitrary: reading(
      inPath.map((id) => `/api/orders/${id}`),
      'if-none-match',
      ['', '"1"', '"2", W/"3"', '*'],
    ),
  },
  {
    weight: 4,
    arbitrary: reading(
      listQuery.map((query) => `/api/orders?${query}`),
      'accept',
      FORMATS,
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('limit=1', 'limit=2', 'limit=2&status=pending'), fc.nat())
      .map(([query, cursor]) => ({
        method: 'GET' as const,
        url: `/api/orders?${query}`,
        headers: {},
        cursor,
      })),
  },
  {
    weight: 3,
    arbitrary: reading(
      fc.tuple(inPath, eventsQuery).map(([id, query]) => `/api/orders/${id}/events?${query}`),
      'accept',
      FORMATS,
    ),
  },
  {
    weight: 3,
    arbitrary: reading(
      fc
        .tuple(inPath, mostly(['1', '2', '3'], ['999999999', '0', '1.0']))
        .map(([id, version]) => `/api/orders/${id}/events/${version}`),
      'accept',
      FORMATS,
    ),
  },
)

export const requestSequences = fc.array(anyRequest, { minLength: 30, maxLength: 80, size: 'max' })
