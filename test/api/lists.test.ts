import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { DescribedEvent } from '../../src/business/order/queries.ts'
import type { OrderQuery, SettledEvent, SettledOrder } from '../../src/business/ports.ts'
import type { OrderId } from '../../src/models/order.ts'
import { createFakeQueries, orderOf, startTestServer } from './harness.ts'

function settled(orderId: string): SettledOrder {
  return { order: orderOf(orderId as OrderId, 1), version: 1 }
}

function eventOf(version: number): SettledEvent {
  return {
    eventId: `event-${version}`,
    type: version === 1 ? 'order-created' : 'order-status-changed',
    version,
    time: '2026-01-31T12:00:00.000Z',
    status: 'pending',
    topic: 'order-events',
    position: { partition: 2, offset: 40 + version },
    schemaId: 7,
  }
}

/** Lists that are longer than any page; keeps what it was asked for. */
function createLists() {
  const asked: OrderQuery[] = []
  const askedEvents: [string, number, number][] = []
  const queries = createFakeQueries({
    listOrders(query) {
      asked.push(query)
      return Promise.resolve(
        Array.from({ length: query.limit }, (_, index) => settled(`ORD-${index}`)),
      )
    },
    listOrderEvents(orderId, afterVersion, limit) {
      askedEvents.push([orderId, afterVersion, limit])
      return Promise.resolve(
        Array.from({ length: limit }, (_, index) => eventOf(afterVersion + 1 + index)),
      )
    },
  })
  return { asked, askedEvents, queries }
}

test('lists orders page by page', async (t) => {
  const { asked, queries } = createLists()
  const { server } = await startTestServer(t, { queries })
  const first = await server.inject('/api/orders?limit=2')
  assert.equal(first.statusCode, 200)
  assert.equal(first.json().message, '2 orders found')
  assert.deepEqual(
    first.json().data.map(({ orderId }: { orderId: string }) => orderId),
    ['ORD-0', 'ORD-1'],
  )
  const { nextCursor } = first.json()
  await server.inject(`/api/orders?limit=2&cursor=${nextCursor}`)
  assert.deepEqual(asked, [
    { limit: 3 },
    { limit: 3, after: { orderDate: '2026-01-31T12:00:00.000Z', orderId: 'ORD-1' } },
  ])
})

test('where orders may be large a page has fewer of them, and goes on', async (t) => {
  const { asked, queries } = createLists()
  const { server } = await startTestServer(t, { queries, settings: { maxItemsPerOrder: 1_000 } })
  const page = (await server.inject('/api/orders?limit=200')).json()
  assert.equal(page.data.length, 58)
  assert.notEqual(page.nextCursor, null)
  assert.deepEqual(asked, [{ limit: 59 }])
})

test('a page of orders that are larger than any may be now is cut, and goes on', async (t) => {
  const orders = Array.from({ length: 200 }, (_, index) => ({
    order: orderOf(`ORD-${index}` as OrderId, 1_000),
    version: 1,
  }))
  let known = 100
  const queries = createFakeQueries({
    listOrders({ limit }) {
      known = 1_000
      return Promise.resolve(orders.slice(0, limit))
    },
  })
  const { server } = await startTestServer(t, { queries, itemsMax: () => known })
  const page = (await server.inject('/api/orders?limit=200')).json()
  assert.equal(page.data.length, 58)
  assert.notEqual(page.nextCursor, null)
})

test('has no cursor at the end of the list', async (t) => {
  const { server } = await startTestServer(t, {
    queries: createFakeQueries({ listOrders: () => Promise.resolve([settled('ORD-1')]) }),
  })
  const response = await server.inject('/api/orders')
  assert.equal(response.json().message, '1 order found')
  assert.equal(response.json().nextCursor, null)
})

test('hands the filters on, instants as the store has them', async (t) => {
  const { asked, queries } = createLists()
  const { server } = await startTestServer(t, { queries })
  const query = 'status=shipped&customerId=CUST-1&from=2026-01-31&to=2026-02-01T01:00:00%2B02:00'
  await server.inject(`/api/orders?${query}`)
  assert.deepEqual(asked, [
    {
      status: 'shipped',
      customerId: 'CUST-1',
      from: '2026-01-31T00:00:00.000Z',
      to: '2026-01-31T23:00:00.000Z',
      limit: 51,
    },
  ])
})

test('takes the offset of an instant also where its plus is not encoded', async (t) => {
  const { asked, queries } = createLists()
  const { server } = await startTestServer(t, { queries })
  await server.inject('/api/orders?from=2026-02-01T01:00:00+02:00&to=2026-02-01T01:00:00.5+00:00')
  assert.deepEqual(asked, [
    { from: '2026-01-31T23:00:00.000Z', to: '2026-02-01T01:00:00.500Z', limit: 51 },
  ])
})

test('takes an instant in every form in which a creation takes a date, and in no other', async (t) => {
  const { asked, queries } = createLists()
  const { server } = await startTestServer(t, { queries })
  for (const from of ['t12:00:00z', 'T12:00Z', 'T12:00:00,0Z', 'T13:00+01', 'T17:30:00+0530']) {
    for (const text of [encodeURIComponent(from), from]) {
      await server.inject(`/api/orders?from=2026-01-31${text}`)
      assert.deepEqual(asked.pop(), { from: '2026-01-31T12:00:00.000Z', limit: 51 }, text)
    }
  }
  for (const from of ['T24:00:00Z', 'T23:59:60Z', ' 12:00', 'T12:00', 'T12Z', '-00']) {
    const answer = await server.inject(`/api/orders?from=2026-01-31${encodeURIComponent(from)}`)
    assert.equal(answer.statusCode, 400, from)
  }
})

for (const [path, known] of [
  ['/api/orders', 'orderId, status, customerId, from, to, limit, cursor, format'],
  ['/api/orders/ORD-1/events', 'limit, cursor, format'],
  ['/api/events/stream', 'orderId, status, from, lastEventId'],
] as const) {
  test(`refuses a parameter that ${path} does not know, and says which it knows`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await server.inject(`${path}?page=2&status=lost&__proto__=1`)
    assert.equal(response.statusCode, 400)
    const message = `page is no parameter here: there are ${known}`
    assert.ok(
      response
        .json()
        .errors.some((error: object) => isDeepStrictEqual(error, { field: 'page', message })),
    )
    assert.match(response.json().detail, /__proto__ is no parameter here/)
  })
}

test('takes any beginning of an order id, as it is', async (t) => {
  const { asked, queries } = createLists()
  const { server } = await startTestServer(t, { queries })
  for (const orderIdPrefix of ['ORD-1', '.', 'two ', '100% *?_', '😀']) {
    // No id begins with a space.
    await server.inject(`/api/orders?orderId=%20${encodeURIComponent(orderIdPrefix)}`)
    assert.deepEqual(asked.pop(), { orderIdPrefix, limit: 51 })
  }
})

test('refuses what a filter cannot be, by its name', async (t) => {
  const { server } = await startTestServer(t)
  const [notOurs, noDay] = ['["2026"]', '["2026-02-31T00:00:00.000Z","ORD-1"]'].map((place) =>
    Buffer.from(place).toString('base64url'),
  )
  const cases = {
    status: ['lost', 'Pending', ''],
    orderId: ['', 'a%00b', 'x'.repeat(256)],
    customerId: ['', 'a%00b'],
    from: ['yesterday', '2026-13-01', '2026-02-31', '2026-02-31T00:00:00Z', '1'],
    to: ['2026-01-01T00:00:00', '2026-02-30T25:00:00Z', '9999-12-31T23:59:59-05:00'],
    limit: ['0', '201', '-1', '1.5', 'ten', ''],
    cursor: ['x', '%20', notOurs, noDay, Buffer.from('{').toString('base64url')],
  }
  for (const [field, values] of Object.entries(cases)) {
    for (const value of values) {
      const response = await server.inject(`/api/orders?${field}=${value}`)
      assert.equal(response.statusCode, 400, `${field}=${value}`)
      assert.equal(response.json().errors[0].field, field)
    }
  }
  const twice = await server.inject('/api/orders?status=pending&status=shipped')
  assert.equal(twice.statusCode, 400)
})

test('refuses a cursor that names no place, whatever the store would make of it', async (t) => {
  const { server } = await startTestServer(t)
  for (const [path, places] of [
    [
      '/api/orders',
      [
        String.raw`["\u0000","ORD-1"]`,
        String.raw`["\ud800","ORD-1"]`,
        '["2026-01-31","ORD-1"]',
        '["2026-01-31T12:00:00Z","ORD-1"]',
        '["2026-01-31T12:00:00.000Z","."]',
        String.raw`["2026-01-31T12:00:00.000Z","\ud800"]`,
        '[1]',
      ],
    ],
    ['/api/orders/ORD-1/events', ['[0]', '[1.5]', '[2147483648]', '["1"]', '[]', '{}']],
  ] as const) {
    for (const place of places) {
      const cursor = Buffer.from(place).toString('base64url')
      const response = await server.inject(`${path}?cursor=${cursor}`)
      assert.equal(response.statusCode, 400, place)
      assert.equal(response.json().errors[0].field, 'cursor')
    }
  }
})

test('names a cursor that names no place beside all else that is wrong', async (t) => {
  const { server } = await startTestServer(t)
  const cursor = Buffer.from('["a"]').toString('base64url')
  for (const path of ['/api/orders', '/api/orders/ORD-1/events']) {
    const refused = await server.inject(`${path}?limit=0&format=xml&cursor=${cursor}`)
    assert.deepEqual(
      refused
        .json()
        .errors.map(({ field }: { field: string }) => field)
        .toSorted(),
      ['cursor', 'format', 'limit'],
    )
  }
})

test('shows the history of an order page by page', async (t) => {
  const { askedEvents, queries } = createLists()
  const { server } = await startTestServer(t, { queries })
  const first = await server.inject('/api/orders/ORD-1/events?limit=2')
  assert.equal(first.statusCode, 200)
  assert.deepEqual(first.json().data, [
    {
      eventId: 'event-1',
      type: 'com.ecommerce.order.created',
      version: 1,
      time: '2026-01-31T12:00:00.000Z',
      status: 'pending',
      topic: 'order-events',
      partition: 2,
      offset: 41,
      schemaId: 7,
    },
    {
      eventId: 'event-2',
      type: 'com.ecommerce.order.status-changed',
      version: 2,
      time: '2026-01-31T12:00:00.000Z',
      status: 'pending',
      topic: 'order-events',
      partition: 2,
      offset: 42,
      schemaId: 7,
    },
  ])
  await server.inject(`/api/orders/ORD-1/events?cursor=${first.json().nextCursor}`)
  assert.deepEqual(askedEvents, [
    ['ORD-1', 0, 3],
    ['ORD-1', 2, 51],
  ])
  for (const cursor of ['x', Buffer.from('["a"]').toString('base64url')]) {
    const refused = await server.inject(`/api/orders/ORD-1/events?cursor=${cursor}`)
    assert.equal(refused.statusCode, 400)
  }
})

test('shows what one event is made of on the topic', async (t) => {
  const { server } = await startTestServer(t)
  const response = await server.inject('/api/orders/ORD-1/events/2')
  assert.equal(response.statusCode, 200)
  const { data, message } = response.json()
  assert.equal(message, "Event 2 of order 'ORD-1' found")
  const { value, ...rest } = data
  assert.deepEqual(rest, {
    eventId: 'event-2',
    type: 'com.ecommerce.order.status-changed',
    version: 2,
    time: '2026-01-31T12:00:00.000Z',
    status: 'pending',
    topic: 'order-events',
    partition: 2,
    offset: 42,
    schemaId: 258,
    settledAt: '2026-01-31T12:00:00.004Z',
    key: { text: 'ORD-1', hex: '4f52442d31' },
    headers: [{ name: 'ce_id', value: 'event-2' }],
  })
  assert.deepEqual(
    [value.sizeBytes, value.framingHex, value.base64, value.order.totalAmount],
    [6, '0000000102', 'AAAAAQL6', 39.98],
  )
})

async function avroKeyedEvent(): Promise<DescribedEvent> {
  const found = await createFakeQueries().getOrderEvent('ORD-1' as OrderId, 1)
  return { ...found, encoded: { ...found.encoded, key: Buffer.from([0, 0, 0, 0, 7, 2, 65]) } }
}

test('shows a key that is not the text of the order id by its bytes alone', async (t) => {
  const { server } = await startTestServer(t, {
    queries: createFakeQueries({ getOrderEvent: avroKeyedEvent }),
  })
  const response = await server.inject('/api/orders/ORD-1/events/1')
  assert.deepEqual(response.json().data.key, { text: null, hex: '00000000070241' })
})

test('refuses a version that no event can have', async (t) => {
  const { server } = await startTestServer(t)
  for (const version of ['0', '-1', '1.5', 'one', '1234567890', '%20']) {
    const response = await server.inject(`/api/orders/ORD-1/events/${version}`)
    assert.equal(response.statusCode, 400, version)
    assert.equal(response.json().errors[0].field, 'version')
  }
})
