import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { Measures } from '../../src/business/measures/measures.ts'
import { eventBytesMax } from '../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import { systemClock } from '../../src/service/system.ts'
import { openEventStream, type EventStream, type StreamEvent } from '../support/event-stream.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryFeed } from '../support/memory-feed.ts'
import { until } from '../support/until.ts'
import { startTestServer } from './harness.ts'

const PATH = '/api/events/stream'

/** More than the sockets of a connection and the memory of the feed hold together. */
const LARGE_EVENTS = 6_000
const LARGE_ITEMS = 100

interface Options {
  readonly readersMax?: number
  readonly isDraining?: () => boolean
  /** Of the streams, not of the feed: heartbeats. */
  readonly clock?: ManualClock
}

async function startStreams(t: TestContext, options: Options = {}) {
  const { readersMax = 10, isDraining = () => false, clock = systemClock } = options
  const store = new MemoryFeed()
  const feed = new LiveFeed({
    feed: store,
    clock: systemClock,
    publishTimeoutMs: 5_000,
    eventBytesMax: () => eventBytesMax(100),
  })
  const settings = { streamReadersMax: readersMax }
  const measures = new Measures()
  const deps = { feed, clock, settings, isDraining, measures }
  const { server, logged } = await startTestServer(t, deps)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(server.listeningOrigin).port)
  const url = `http://127.0.0.1:${port}${PATH}`
  const open = async (query = '', lastEventId?: string): Promise<EventStream> => {
    const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
    const stream = await openEventStream(`${url}${query}`, headers)
    t.after(() => stream.close())
    return stream
  }
  function settle(...args: Parameters<MemoryFeed['settle']>) {
    const event = store.settle(...args)
    feed.wake()
    return event
  }
  return { store, feed, server, logged, measures, port, url, open, settle }
}

async function untilSeen(stream: EventStream, count: number): Promise<readonly StreamEvent[]> {
  await until(
    () => stream.events.length >= count,
    () => `${count} events come, ${stream.events.length} came`,
  )
  return stream.events
}

function ordersOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ data }) => data.order.orderId)
}

function statesOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ data }) => `${data.order.orderId} ${data.order.status}`)
}

test('a reader gets every change that is settled from then on, with the whole order', async (t) => {
  const { open, settle } = await startStreams(t)
  settle('before')
  const stream = await open()
  assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(stream.headers.get('cache-control'), 'no-store, no-transform')
  assert.equal(stream.headers.get('x-accel-buffering'), 'no')
  await until(() => stream.lastEventId() === '10-1', 'the place comes before any event')
  const { eventId } = settle('ORD-1')
  settle('ORD-1', 'shipped')
  const [first, second] = await untilSeen(stream, 2)
  assert.deepEqual(first, {
    id: '20-2',
    event: 'com.ecommerce.order.created',
    data: {
      eventId,
      type: 'com.ecommerce.order.created',
      version: 1,
      time: '2026-01-31T12:00:00.000Z',
      settledAt: '2026-01-31T12:00:00.004Z',
      topic: 'order-events',
      partition: 0,
      offset: 2,
      schemaId: 7,
      order: {
        orderId: 'ORD-1',
        customerId: 'CUST-1000',
        orderDate: '2026-01-31T12:00:00.000Z',
        items: [{ itemId: 'ITEM-PHONE-100', quantity: 1, price: 10 }],
        totalAmount: 10,
        currency: 'USD',
        status: 'pending',
      },
    },
  })
  assert.equal(second?.event, 'com.ecommerce.order.status-changed')
  assert.equal(second?.data.version, 2)
})

test('a reader may begin with the last events, is told where they end, and goes on from there', async (t) => {
  const { open, settle, store } = await startStreams(t)
  for (let count = 1; count <= 300; count += 1) settle(`ORD-${count}`)
  const stream = await open('?from=recent')
  await until(() => stream.events.at(-1)?.data.order?.orderId === 'ORD-300', 'the last one comes')
  settle('later')
  await until(() => stream.events.at(-1)?.data.order?.orderId === 'later', 'what follows comes')
  const [first, ...events] = stream.events
  assert.deepEqual([first?.event, first?.data], ['recent', { until: '3000-300' }])
  const ids = store.events.map(({ order }) => String(order.orderId))
  assert.deepEqual(ordersOf(events), ids.slice(-events.length))
  assert.ok(events.length > 50 && events.length < 250, `${events.length} events`)
  const again = await open('?from=recent', '3000-300')
  assert.deepEqual(ordersOf(await untilSeen(again, 1)), ['later'])
})

test('a reader that comes back goes on after the event that it names', async (t) => {
  const { open, settle } = await startStreams(t)
  for (const orderId of ['a', 'b', 'c']) settle(orderId)
  const fromBeginning = await open('?from=beginning')
  assert.deepEqual(ordersOf(await untilSeen(fromBeginning, 3)), ['a', 'b', 'c'])
  const byHeader = await open('', '10-1')
  const byQuery = await open('?lastEventId=20-2&from=beginning')
  const byBoth = await open('?lastEventId=10-1', '30-3')
  settle('d')
  assert.deepEqual(ordersOf(await untilSeen(byHeader, 3)), ['b', 'c', 'd'])
  assert.deepEqual(ordersOf(await untilSeen(byQuery, 2)), ['c', 'd'])
  assert.deepEqual(ordersOf(await untilSeen(byBoth, 1)), ['d'])
})

test('a reader from far back gets every event once while others are settled', async (t) => {
  const { store, open, settle } = await startStreams(t)
  for (let index = 0; index < 2_000; index += 1) store.settle(`old-${index}`)
  const stream = await open('?from=beginning')
  for (let index = 0; index < 500; index += 1) {
    settle(`new-${index}`)
    if (index % 50 === 0) await untilSeen(stream, index)
  }
  const events = await untilSeen(stream, 2_500)
  assert.deepEqual(
    events.map(({ data }) => data.eventId),
    store.events.map(({ eventId }) => eventId),
  )
})

test('filters by order and by status', async (t) => {
  const { open, settle } = await startStreams(t)
  const ofOrder = await open('?orderId=%20a%20b%20')
  const ofStatus = await open('?status=shipped')
  const ofBoth = await open('?orderId=c&status=shipped')
  settle('a b')
  settle('a b', 'shipped')
  settle('c')
  settle('c', 'shipped')
  settle('a b', 'delivered')
  assert.deepEqual(statesOf(await untilSeen(ofOrder, 3)), [
    'a b pending',
    'a b shipped',
    'a b delivered',
  ])
  assert.deepEqual(statesOf(await untilSeen(ofStatus, 2)), ['a b shipped', 'c shipped'])
  assert.deepEqual(statesOf(await untilSeen(ofBoth, 1)), ['c shipped'])
})

test('refuses a place or a filter that cannot be, by its name', async (t) => {
  const { url, settle } = await startStreams(t)
  settle('a')
  const long = 'x'.repeat(256)
  const cases: ReadonlyArray<readonly [query: string, field: string, header?: string]> = [
    ['?lastEventId=', 'lastEventId'],
    ['?lastEventId=10', 'lastEventId'],
    ['?lastEventId=11-1', 'lastEventId'],
    ['?lastEventId=9999999999999999-1', 'lastEventId'],
    ['', 'Last-Event-ID', 'e5b0'],
    ['', 'Last-Event-ID', '10-2'],
    ['?lastEventId=10-1', 'Last-Event-ID', '-1-1'],
    ['?from=yesterday', 'from'],
    ['?status=lost', 'status'],
    ['?orderId=', 'orderId'],
    [`?orderId=${long}`, 'orderId'],
    ['?status=pending&status=shipped', 'status'],
    ['?orderId=a&orderId=b', 'orderId'],
    ['?lastEventId=10-1&lastEventId=10-1', 'lastEventId'],
  ]
  for (const [query, field, header] of cases) {
    const headers = header === undefined ? {} : { 'Last-Event-ID': header }
    const response = await fetch(`${url}${query}`, { headers })
    const problem = (await response.json()) as { errors: { field: string }[] }
    assert.equal(response.status, 400, query)
    assert.equal(problem.errors[0]?.field, field, query)
  }
})

test('takes no more readers than it may, and the next one when one has left', async (t) => {
  const { url, open, measures } = await startStreams(t, { readersMax: 2 })
  const first = await open()
  await open()
  assert.equal(measures.streamReaderCount, 2)
  const refused = await fetch(url)
  const problem = (await refused.json()) as { code: string; outcome: string }
  assert.equal(refused.status, 503)
  assert.deepEqual([problem.code, problem.outcome], ['SERVICE_FULL', 'not-applied'])
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  first.close()
  await until(() => measures.streamReaderCount === 1, 'one has left')
  await until(async () => (await open()).headers !== undefined, 'there is room again')
  assert.equal(measures.streamReadersDroppedCount, 0, 'it went by itself')
})

test('ends every stream when the service stops, and takes no new one', async (t) => {
  let isDraining = false
  const { url, feed, server, open } = await startStreams(t, { isDraining: () => isDraining })
  const streams = [await open(), await open('?status=shipped')]
  isDraining = true
  feed.close()
  await Promise.all(streams.map(({ ended }) => ended))
  const refused = await fetch(url)
  assert.equal(refused.status, 503)
  assert.equal(((await refused.json()) as { code: string }).code, 'SERVICE_DRAINING')
  await server.close()
})

test('the server closes although streams are open', async (t) => {
  const { server, open } = await startStreams(t)
  const stream = await open()
  await server.close()
  await stream.ended
})

test('a reader that takes nothing is dropped, and the others get everything', async (t) => {
  const { store, port, logged, measures, open, settle } = await startStreams(t)
  const slow = connect(port, '127.0.0.1')
  t.after(() => slow.destroy())
  slow.on('error', () => {})
  slow.write(`GET ${PATH} HTTP/1.1\r\nhost: test\r\n\r\n`)
  await once(slow, 'readable')
  const fast = await open()
  for (let index = 0; index < LARGE_EVENTS; index += 1) {
    settle(`ORD-${index}`, 'pending', LARGE_ITEMS)
    if (index % 100 === 0) await untilSeen(fast, index)
  }
  await untilSeen(fast, LARGE_EVENTS)
  const dropped = logged.filter(({ msg }) => msg === 'a reader of the stream was disconnected')
  assert.deepEqual(
    dropped.map(({ reason }) => reason),
    ['behind'],
  )
  assert.equal(measures.streamReadersDroppedCount, 1)
  assert.deepEqual(
    fast.events.map(({ data }) => data.eventId),
    store.events.map(({ eventId }) => eventId),
  )
})

test('heartbeats move the place of a reader past what it did not ask for', async (t) => {
  const clock = new ManualClock()
  const { open, settle } = await startStreams(t, { clock })
  const all = await open()
  const filtered = await open('?status=shipped')
  settle('a')
  await untilSeen(all, 1)
  clock.advance(15_000)
  await until(() => filtered.commentCount() === 1, 'the first heartbeat comes')
  assert.equal(filtered.lastEventId(), '10-1')
  clock.advance(15_000)
  await until(() => filtered.commentCount() === 2, 'the second heartbeat comes')
  assert.equal(filtered.events.length, 0)
})

test('says 503 while the store cannot tell where to begin', async (t) => {
  const { store, url } = await startStreams(t)
  store.isDown = true
  const response = await fetch(url)
  assert.equal(response.status, 503)
  assert.equal(((await response.json()) as { code: string }).code, 'STORE_UNAVAILABLE')
})

test('ends a stream when the store fails while old events are read', async (t) => {
  const { store, open, settle } = await startStreams(t)
  settle('a')
  const live = await open()
  store.hasNoPages = true
  const old = await open('?from=beginning')
  await old.ended
  assert.equal(old.events.length, 0)
  store.hasNoPages = false
  settle('b')
  assert.deepEqual(ordersOf(await untilSeen(live, 1)), ['b'])
})

test('tells a reader that is behind retired events from where to go on', async (t) => {
  const { store, url, open, settle } = await startStreams(t)
  for (const orderId of ['a', 'b', 'c']) settle(orderId)
  store.retire(2)
  const response = await fetch(`${url}?lastEventId=10-1`)
  const problem = (await response.json()) as { code: string; detail: string }
  assert.deepEqual([response.status, problem.code], [410, 'EVENTS_RETIRED'])
  const [, id] = /go on after (\S+)$/.exec(problem.detail) ?? []
  const goingOn = await open('', id)
  assert.deepEqual(ordersOf(await untilSeen(goingOn, 1)), ['c'])
  const fromBeginning = await open('?from=beginning')
  assert.deepEqual(ordersOf(await untilSeen(fromBeginning, 1)), ['c'])
})

test('ends the stream of a reader whose next events are retired while it catches up', async (t) => {
  const { store, open, logged } = await startStreams(t)
  for (let index = 0; index < 2_000; index += 1) store.settle(`old-${index}`)
  const stream = await open('?from=beginning')
  await untilSeen(stream, 250)
  store.retire(1_990)
  await stream.ended
  assert.ok(stream.events.length < 1_990)
  const [dropped] = logged.filter(({ msg }) => msg === 'a reader of the stream was disconnected')
  assert.equal(dropped?.['reason'], 'retired')
})

test('answers HEAD with the head alone', async (t) => {
  const { url } = await startStreams(t)
  const response = await fetch(url, { method: 'HEAD' })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(await response.text(), '')
})
