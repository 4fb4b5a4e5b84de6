import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { OrderQuery, SettledEvent } from '../../src/business/ports.ts'
import type { OrderId } from '../../src/models/order.ts'
import { createFakeQueries, orderOf, startTestServer } from './harness.ts'

const EVENT: SettledEvent = {
  eventId: 'event-1',
  type: 'order-created',
  version: 1,
  time: '2026-01-31T12:00:00.000Z',
  status: 'pending',
  topic: 'order-events',
  position: { partition: 2, offset: 41 },
  schemaId: 7,
}

/** A list of these orders, page by page, and one event for each of them. */
async function serveOrders(t: TestContext, ...orderIds: string[]) {
  const asked: OrderQuery[] = []
  const queries = createFakeQueries({
    listOrders(query) {
      asked.push(query)
      const orders = orderIds.map((id) => ({ order: orderOf(id as OrderId, 1), version: 1 }))
      return Promise.resolve(orders.slice(0, query.limit))
    },
    listOrderEvents: (_orderId, _after, limit) =>
      Promise.resolve(orderIds.map(() => EVENT).slice(0, limit)),
  })
  const { server } = await startTestServer(t, { queries })
  const get = (url: string, accept?: string) =>
    server.inject({ url, headers: accept === undefined ? {} : { accept } })
  return { asked, get }
}

const [JSON_TYPE, NDJSON_TYPE, CSV_TYPE] = [
  'application/json; charset=utf-8',
  'application/x-ndjson',
  'text/csv; charset=utf-8',
]

for (const [accept, contentType] of [
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', JSON_TYPE],
  ['application/x-ndjson', NDJSON_TYPE],
  ['Application/X-NDJSON; q=1', NDJSON_TYPE],
  ['text/csv', CSV_TYPE],
  ['text/csv;header=present;charset=utf-8', CSV_TYPE],
  ['text/*', CSV_TYPE],
  ['text/csv, */*', CSV_TYPE],
  ['*/*, text/csv', CSV_TYPE],
  ['text/csv;q=0.5, application/x-ndjson;q=0.9', NDJSON_TYPE],
  ['text/csv;q=0.5, application/json', JSON_TYPE],
  ['text/csv, application/json', CSV_TYPE],
  ['application/json, text/csv', JSON_TYPE],
  ['application/json;q=0, */*', NDJSON_TYPE],
  ['application/json;q=0.1, */*;q=0.2', NDJSON_TYPE],
  ['text/csv;q=0', JSON_TYPE],
  ['text/csv;q=0, text/*', JSON_TYPE],
  ['text/csv;q=0..1', JSON_TYPE],
  ['application/xml', JSON_TYPE],
  ['csv', JSON_TYPE],
  ['', JSON_TYPE],
  [',;,', JSON_TYPE],
] as const) {
  test(`answers a list to Accept: ${accept} as ${contentType}`, async (t) => {
    const { get } = await serveOrders(t, 'ORD-1')
    for (const url of ['/api/orders', '/api/orders/ORD-1/events']) {
      const response = await get(url, accept)
      assert.equal(response.statusCode, 200)
      assert.equal(response.headers['content-type'], contentType)
      assert.equal(response.headers['vary'], 'Accept')
    }
  })
}

test('takes the format of the address before that of Accept, and refuses others', async (t) => {
  const { get } = await serveOrders(t, 'ORD-1')
  const typeOf = async (format: string) =>
    (await get(`/api/orders?format=${format}`, 'text/csv')).headers['content-type']
  assert.deepEqual(
    [await typeOf('json'), await typeOf('ndjson'), await typeOf('csv')],
    [JSON_TYPE, NDJSON_TYPE, CSV_TYPE],
  )
  const refused = await get('/api/orders?format=xlsx')
  assert.equal(refused.statusCode, 400)
  assert.equal(refused.json().detail, 'format must be one of json, ndjson, csv, got "xlsx"')
})

test('answers an error as a problem whatever the format', async (t) => {
  const { get } = await serveOrders(t)
  const refused = await get('/api/orders?limit=0&format=csv', 'text/csv')
  assert.equal(refused.statusCode, 400)
  assert.equal(refused.headers['content-type'], 'application/problem+json')
})

test('writes each order, and each event, as one line of the JSON that it is in data', async (t) => {
  const { get } = await serveOrders(t, 'ORD-1', 'three\u2028or\u2029lines')
  for (const url of ['/api/orders', '/api/orders/ORD-1/events']) {
    const { data } = (await get(url)).json()
    const { body, headers } = await get(url, 'application/x-ndjson')
    // For readers, too, that end a line where Unicode has an end.
    const lines = body.split(/[\n\u0085\u2028\u2029]/)
    assert.equal(lines.pop(), '')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      data,
    )
    assert.match(String(headers['content-disposition']), /^attachment; filename="[\w-]+\.ndjson"$/)
  }
})

test('writes orders as CSV, one line for each, with a header line', async (t) => {
  const { get } = await serveOrders(t, 'ORD-1', 'a "b", c', 'größe 😀')
  const { body, headers } = await get('/api/orders', 'text/csv')
  const items = '"[{""itemId"":""ITEM-PHONE-100"",""quantity"":2,""price"":19.99}]"'
  const rest = `CUST-1000,2026-01-31T12:00:00.000Z,39.98,USD,pending,${items}`
  assert.deepEqual(body.split('\r\n'), [
    'orderId,customerId,orderDate,totalAmount,currency,status,items',
    `ORD-1,${rest}`,
    `"a ""b"", c",${rest}`,
    `größe 😀,${rest}`,
    '',
  ])
  assert.equal(headers['content-disposition'], 'attachment; filename="orders.csv"')
})

test('writes events as CSV, in the order of their fields', async (t) => {
  const { get } = await serveOrders(t, 'ORD-1')
  const { body, headers } = await get('/api/orders/ORD-1/events?format=csv')
  assert.deepEqual(body.split('\r\n'), [
    'eventId,type,version,time,status,topic,partition,offset,schemaId',
    'event-1,com.ecommerce.order.created,1,2026-01-31T12:00:00.000Z,pending,order-events,2,41,7',
    '',
  ])
  assert.equal(headers['content-disposition'], 'attachment; filename="order-events.csv"')
})

test('keeps a spreadsheet from taking an id for a formula, and a program can tell', async (t) => {
  const ids = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\uff1d1',
    "'=1",
    "'",
    '1=1',
    'a-b',
    '=a,"b"',
    'a;=1',
  ]
  const { get } = await serveOrders(t, ...ids)
  const { body } = await get('/api/orders', 'text/csv')
  const written = body
    .split('\r\n')
    .slice(1, -1)
    .map((line) => line.slice(0, line.indexOf(',CUST-1000')))
  assert.deepEqual(written, [
    "'=1+1",
    "'+1",
    "'-1",
    "'@SUM(A1)",
    "'\uff1d1",
    "''=1",
    "''",
    '1=1',
    'a-b',
    `"'=a,""b"""`,
    `"a;'=1"`,
  ])
})

test('says in every format where the list continues, with the same filters', async (t) => {
  const { asked, get } = await serveOrders(t, 'ORD-1', 'ORD-2', 'ORD-3')
  for (const format of ['json', 'ndjson', 'csv']) {
    const url = `/api/orders?limit=2&status=pending&orderId=%26+%C3%A4&format=${format}`
    const { headers } = await get(`${url}&from=2026-01-31T00:00:00+00:00`)
    const [, reference = ''] = /^<(\?[!-~]+)>; rel="next"$/.exec(String(headers['link'])) ?? []
    const next = await get(new URL(reference, `http://localhost${url}`).pathname + reference)
    assert.equal(next.statusCode, 200)
    const [first, second] = asked.splice(0)
    const after = { orderDate: '2026-01-31T12:00:00.000Z', orderId: 'ORD-2' }
    assert.deepEqual(second, { ...first, after })
    assert.equal(next.headers['content-type'], headers['content-type'])
  }
  const last = await get('/api/orders?limit=3')
  assert.equal(last.headers['link'], undefined)
  const events = await get('/api/orders/ORD-1/events?limit=1')
  assert.equal(events.headers['link'], `<?limit=1&cursor=${events.json().nextCursor}>; rel="next"`)
})

test('answers an empty list with no line, or with the header line alone', async (t) => {
  const { get } = await serveOrders(t)
  const lines = await get('/api/orders?format=ndjson')
  const table = await get('/api/orders?format=csv')
  assert.deepEqual([lines.statusCode, lines.body], [200, ''])
  assert.match(table.body, /^orderId,[\w,]+\r\n$/)
})
