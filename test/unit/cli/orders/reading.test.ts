import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { runCart } from '../../../../src/cli/commands.ts'
import { widthOf } from '../../../../src/cli/layout.ts'
import { describeOrder } from '../../../../src/cli/orders/get.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function serve(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

function unpainted(_: unknown, text: string): string {
  return text
}

async function run(...words: string[]) {
  const out: string[] = []
  const progress: string[] = []
  const code = await runCart(words, {
    out: (line) => out.push(line),
    progress: (line) => progress.push(line),
  })
  return { code, out, progress: progress.join('\n') }
}

function orderOf(orderId: string) {
  return {
    orderId,
    customerId: 'CUST-1',
    orderDate: '2026-01-31T12:00:00.000Z',
    items: [{ itemId: 'A', quantity: 3, price: 24.1 }],
    totalAmount: 72.3,
    currency: 'EUR',
    status: 'pending',
  }
}

/** As many orders as `count`, by pages as the service gives them, with no more than `pageMax` in one. */
function listOf(count: number, queries: URLSearchParams[] = [], pageMax = 200): Answer {
  return (request, response) => {
    const { searchParams: query } = new URL(request.url ?? '', 'http://localhost')
    queries.push(query)
    const first = Number(query.get('cursor') ?? 0)
    const end = Math.min(count, first + Math.min(pageMax, Number(query.get('limit'))))
    const ids = Array.from({ length: end - first }, (_, index) => `ORD-${first + index}`)
    if (end < count) {
      const next = new URLSearchParams([...query, ['cursor', String(end)]])
      response.setHeader('link', `<?${next.toString()}>; rel="next"`)
    }
    const isCsv = query.get('format') === 'csv'
    response.setHeader('content-type', isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
    response.end(
      isCsv
        ? ['orderId', ...ids].map((line) => `${line}\r\n`).join('')
        : ids.map((id) => `${JSON.stringify(orderOf(id))}\n`).join(''),
    )
  }
}

test('a list follows its pages up to the limit, and says that there is more', async (t) => {
  const queries: URLSearchParams[] = []
  const url = await serve(t, listOf(300, queries))
  const { code, out, progress } = await run('list', '--limit', '250', '--url', url)
  assert.equal(code, 0)
  assert.equal(out.length, 251, 'with the header')
  assert.match(progress, /There are more orders/)
  assert.deepEqual(
    queries.map((query) => [query.get('limit'), query.get('cursor')]),
    [
      ['200', null],
      ['50', '200'],
    ],
  )
  const all = await run('list', '--all', '--format', 'ndjson', '--url', url)
  assert.equal(all.out.length, 300)
  assert.equal(all.progress, '')
})

test('a list goes on where a page has fewer entries than were asked for', async (t) => {
  const queries: URLSearchParams[] = []
  const url = await serve(t, listOf(300, queries, 58))
  const { out } = await run('list', '--limit', '150', '--format', 'csv', '--url', url)
  assert.equal(out.length, 151, 'with the header')
  assert.deepEqual(
    queries.map((query) => query.get('limit')),
    ['150', '92', '34'],
  )
})

test('filters have the names of the HTTP API', async (t) => {
  const queries: URLSearchParams[] = []
  const url = await serve(t, listOf(0, queries))
  const filters = ['--order', 'OR', '--status', 'shipped', '--customer', 'C', '--url', url]
  const { code, out, progress } = await run(
    'list',
    '--from',
    '2026-01-31',
    '--to',
    '1h',
    ...filters,
  )
  assert.equal(code, 0)
  assert.deepEqual(out, [])
  assert.equal(progress, 'No order fits.')
  const query = Object.fromEntries(queries[0] ?? [])
  assert.match(query['to'] ?? '', /^\d{4}-.*Z$/)
  assert.deepEqual(
    { ...query, to: '' },
    {
      orderId: 'OR',
      status: 'shipped',
      customerId: 'C',
      from: '2026-01-31T00:00:00.000Z',
      to: '',
      limit: '50',
      format: 'ndjson',
    },
  )
})

test('as JSON a list is one array, also an empty one and one of many pages', async (t) => {
  for (const count of [0, 1, 201]) {
    const url = await serve(t, listOf(count))
    const { out } = await run('list', '--json', '--all', '--url', url)
    assert.equal((JSON.parse(out.join('\n')) as unknown[]).length, count)
  }
})

test('as CSV a list has its header once, and every line as the service wrote it', async (t) => {
  const url = await serve(t, listOf(201))
  const { out } = await run('list', '--format', 'csv', '--all', '--url', url)
  assert.equal(out.length, 202)
  assert.deepEqual(out.slice(0, 2), ['orderId\r', 'ORD-0\r'])
})

test('a list that ends by a failure is 2, and JSON of the failure where nothing was written', async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(503, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ code: 'STORE_UNAVAILABLE', detail: 'no' }))
  })
  const text = await run('list', '--url', url)
  assert.deepEqual([text.code, text.progress], [2, '503 STORE_UNAVAILABLE: no'])
  const json = await run('list', '--json', '--url', url)
  assert.equal((JSON.parse(json.out.join('\n')) as { code: string }).code, 'STORE_UNAVAILABLE')
  const wrong = await run('list', '--json', '--format', 'csv')
  assert.equal(wrong.code, 2)
})

test('another program in the place of the service is no service', async (t) => {
  const url = await serve(t, (_, response) => response.end('<html>'))
  for (const words of [['list'], ['get', 'ORD-1']]) {
    const { code, progress } = await run(...words, '--url', url)
    assert.equal(code, 2)
    assert.match(progress, /this is no answer of CartService/)
  }
})

test('an order is shown with its lines, their totals and its history', async (t) => {
  let tag = '"2"'
  const url = await serve(t, (request, response) => {
    const isHistory = request.url?.startsWith('/api/orders/a%2Fb/events') === true
    assert.ok(isHistory || request.url === '/api/orders/a%2Fb')
    response.setHeader('content-type', isHistory ? 'application/x-ndjson' : 'application/json')
    response.setHeader('etag', tag)
    const event = { version: 1, type: 'com.ecommerce.order.created', status: 'pending' }
    const place = { time: '2026-01-31T12:00:00.000Z', partition: 2, offset: 41 }
    response.end(JSON.stringify(isHistory ? { ...event, ...place } : { data: orderOf('a/b') }))
  })
  const { code, out } = await run('get', 'a/b', '--events', '--url', url)
  assert.equal(code, 0)
  assert.deepEqual(out, [
    'Order a/b: pending, 72.30 EUR',
    'Customer CUST-1, ordered 2026-01-31T12:00:00.000Z, version 2',
    '',
    '  item  quantity  price  total',
    '  A            3  24.10  72.30',
    '',
    '  time                      version     type   status  place',
    '  2026-01-31T12:00:00.000Z       v1  created  pending   2@41',
  ])
  for (const marked of ['"2"', 'W/"2"', '"2-gzip"']) {
    tag = marked
    const json = await run('get', 'a/b', '--json', '--url', url)
    assert.deepEqual(JSON.parse(json.out.join('')), { order: orderOf('a/b'), version: 2 }, marked)
  }
})

test('an order with long ids fits the terminal, and is whole elsewhere', () => {
  const [item] = orderOf('ORD-1').items
  const long = 'ITEM-'.padEnd(200, 'X')
  const order = {
    ...orderOf('ORD-1'),
    items: [{ ...item, itemId: long, quantity: 3, price: 24.1 }],
  }
  const lines = describeOrder(order, 2, unpainted, 60)
  assert.deepEqual(
    lines.filter((line) => widthOf(line) > 60),
    [],
  )
  assert.match(lines.at(-1) ?? '', /^ {2}ITEM-X+… {9}3 {2}24\.10 {2}72\.30$/u)
  assert.ok(describeOrder(order, 2, unpainted).at(-1)?.includes(long))
})

test('an order that does not exist is 1', async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ code: 'ORDER_NOT_FOUND', detail: "Order 'X' does not exist" }))
  })
  const { code, progress } = await run('get', 'X', '--url', url)
  assert.deepEqual([code, progress], [1, "404 ORDER_NOT_FOUND: Order 'X' does not exist"])
})

test('the address of the console leads to the order, whatever its id is', async () => {
  const { code, out } = await run('open', 'a b#&', '--print', '--url', 'http://shop:1/')
  assert.deepEqual([code, out], [0, ['http://shop:1/console#order=a+b%23%26']])
  const console = await run('open', '--json', '--url', 'https://shop')
  assert.deepEqual(JSON.parse(console.out.join('')), { url: 'https://shop/console' })
})

test('what another program lists is no order, and is not shown', async (t) => {
  const order = orderOf('ORD-1')
  for (const line of ['null', '{}', '<', JSON.stringify({ ...order, items: [{}] })]) {
    const url = await serve(t, (_, response) =>
      response.setHeader('content-type', 'application/x-ndjson').end(`${line}\n`),
    )
    const { code, out, progress } = await run('list', '--url', url)
    assert.deepEqual([code, out], [2, []])
    assert.match(progress, /no list of orders/)
  }
})

test('a page with more entries than were asked for is none of the service', async (t) => {
  const url = await serve(t, (_, response) =>
    response
      .setHeader('content-type', 'application/x-ndjson')
      .end(`${JSON.stringify(orderOf('ORD-1'))}\n`.repeat(3)),
  )
  const { code, progress } = await run('list', '--limit', '2', '--url', url)
  assert.equal(code, 2)
  assert.match(progress, /more than 2 entries/)
})

test('a history of another program is not shown', async (t) => {
  for (const line of ['null', '{}', '{"type":7}']) {
    const url = await serve(t, (request, response) => {
      const isHistory = request.url?.endsWith('/events?limit=200&format=ndjson') === true
      response.setHeader('content-type', isHistory ? 'application/x-ndjson' : 'application/json')
      response.end(isHistory ? `${line}\n` : JSON.stringify({ data: orderOf('ORD-1') }))
    })
    const { code, progress } = await run('get', 'ORD-1', '--events', '--url', url)
    assert.equal(code, 2)
    assert.match(progress, /no list of events/)
  }
})

test('orders of a customer that another program lists are not erased', async (t) => {
  for (const data of [null, {}, 'ORD-1', [{}], [{ orderId: 7 }]]) {
    const methods: unknown[] = []
    const url = await serve(t, (request, response) => {
      methods.push(request.method)
      response.end(JSON.stringify({ data }))
    })
    const { code, progress } = await run('erase', '--customer', 'C', '--url', url)
    assert.deepEqual([code, methods], [2, ['GET']])
    assert.match(progress, /no answer of CartService/)
  }
})

test('what another program says of an erasure is not believed', async (t) => {
  for (const body of ['', 'null', '{"data":null}', '{"data":{"version":"1"}}']) {
    const url = await serve(t, (_, response) => response.end(body))
    const { code, out } = await run('erase', 'ORD-1', '--url', url)
    assert.equal(code, 2)
    assert.match(out.join('\n'), /not known to be erased: 200: this is no answer of CartService/)
  }
})
