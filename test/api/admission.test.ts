import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIST_WAIT_MS, LISTS_AT_WORK_MAX } from '../../src/api/admission/list-places.ts'
import { READ_BYTES_MAX, READS_AT_WORK_MAX } from '../../src/api/admission/read-places.ts'
import { CommandError } from '../../src/business/errors.ts'
import { tooManyChanges } from '../../src/business/refusals.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import {
  createFakeCommands,
  createFakeQueries,
  orderOf,
  postOrder,
  startTestServer,
} from './harness.ts'
import { countedPlaces } from './counted-places.ts'
import { createHeldReads } from './held-reads.ts'
import { createText, getText, startRawServer } from './raw-client.ts'

const FULL = {
  enter: () => false,
  leave: () => undefined,
  isFull: () => true,
  outcomeOfRefusal: () => 'not-applied' as const,
}

const FULL_BY_KEY = {
  ...FULL,
  outcomeOfRefusal: (hasRetryKey: boolean) =>
    hasRetryKey ? ('unknown' as const) : ('not-applied' as const),
}

function namesOf(headers: object): string[] {
  return Object.keys(headers).toSorted()
}

test('turns a change away as the error handler would, and does not look at it', async (t) => {
  const random = { integer: (min: number, max: number) => min + max - 2 }
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { changes: FULL, commands, random })
  const failing = createFakeCommands(tooManyChanges('not-applied'))
  const { server: other } = await startTestServer(t, { commands: failing, random })
  const [turned, thrown] = [
    await postOrder(server, 'this is not JSON'),
    await postOrder(other, { orderId: 'ORD-1', numItems: 1 }),
  ]
  assert.equal(turned.statusCode, 503)
  assert.deepEqual(commands.created, [])
  const { requestId, ...problem } = turned.json() as Record<string, unknown>
  const { requestId: otherId, ...otherProblem } = thrown.json() as Record<string, unknown>
  assert.deepEqual(problem, otherProblem)
  assert.deepEqual(Object.keys(turned.json()), Object.keys(thrown.json()))
  assert.equal(turned.headers['x-request-id'], requestId)
  assert.equal(thrown.headers['x-request-id'], otherId)
  assert.equal(turned.headers['retry-after'], '3')
  assert.deepEqual(namesOf(turned.headers), namesOf(thrown.headers))
})

test('keeps the connection of a change that it turns away, and reads past its body', async (t) => {
  const { open } = await startRawServer(t, { changes: FULL })
  const client = await open()
  const create = createText('ORD-1')
  client.send(create.slice(0, -5))
  assert.deepEqual(await client.answers(1), [503])
  client.send(create.slice(-5) + getText('/health/live'))
  assert.deepEqual(await client.answers(2), [503, 200])
})

test('says of a change that it turns away what business knows of its kind', async (t) => {
  const { server } = await startTestServer(t, { changes: FULL_BY_KEY })
  const headers = { 'idempotency-key': 'k-1' }
  const answers = [
    await postOrder(server, { orderId: 'ORD-1', numItems: 1 }),
    await postOrder(server, { orderId: 'ORD-1', numItems: 1 }, headers),
  ]
  assert.deepEqual(
    answers.map((answer) => answer.json<{ outcome: string }>().outcome),
    ['not-applied', 'unknown'],
  )
})

test('says the last word of a connection while it drains', async (t) => {
  const { server } = await startTestServer(t, { changes: FULL, isDraining: () => true })
  const response = await postOrder(server, { orderId: 'ORD-1', numItems: 1 })
  assert.equal(response.statusCode, 503)
  assert.equal(response.headers['connection'], 'close')
})

test('a change gives its place back once: answered, refused, or left and its work over', async (t) => {
  const changes = countedPlaces()
  const held = Promise.withResolvers<void>()
  const { open } = await startRawServer(t, {
    changes,
    commands: {
      ...createFakeCommands(new CommandError('ORDER_NOT_FOUND', 'No')),
      async createOrder({ orderId }) {
        if (orderId.startsWith('HELD')) await held.promise
        return { order: orderOf(orderId, 1), version: 1, isReplayed: false }
      },
    },
  })
  const client = await open()
  client.send(createText('A') + createText('B').replace('numItems', 'numOther'))
  await client.answers(2)
  await until(() => changes.left() === 2, 'both are left')
  client.send(createText('HELD-1') + createText('HELD-2') + createText('HELD-3').slice(0, -3))
  await until(() => changes.taken() === 4, 'those with their bodies have a place')
  client.socket.resetAndDestroy()
  held.resolve()
  await until(() => changes.left() === 4, 'all are left')
  assert.equal(changes.taken(), 4)
})

/** Each list waits for its release, and is empty. */
function createHeldLists() {
  const waiting: Array<() => void> = []
  let asked = 0
  return {
    asked: () => asked,
    releaseOne: () => waiting.shift()?.(),
    queries: createFakeQueries({
      listOrders() {
        asked += 1
        return new Promise((resolve) => waiting.push(() => resolve([])))
      },
    }),
  }
}

test('asks the store for few lists at once, and not for those whose clients have left', async (t) => {
  const lists = createHeldLists()
  // Those that are never released would keep this process for the time that a list may take.
  const clock = new ManualClock()
  const { open, connectionCount } = await startRawServer(t, { queries: lists.queries, clock })
  const staying = await Promise.all(Array.from({ length: LISTS_AT_WORK_MAX }, open))
  for (const client of staying) client.send(getText('/api/orders?limit=1'))
  await until(() => lists.asked() === LISTS_AT_WORK_MAX, 'every place is taken')
  const leaving = await Promise.all(Array.from({ length: 20 }, open))
  for (const client of leaving) client.send(getText('/api/orders?limit=1'))
  const last = await open()
  last.send(getText('/api/orders/ORD-1/events') + getText('/health/live'))
  for (const client of leaving) client.socket.end()
  await until(async () => (await connectionCount()) === LISTS_AT_WORK_MAX + 1, 'they have left')
  assert.equal(lists.asked(), LISTS_AT_WORK_MAX)
  assert.deepEqual(last.statuses(), [])
  lists.releaseOne()
  assert.deepEqual(await last.answers(2), [200, 200])
  assert.equal(lists.asked(), LISTS_AT_WORK_MAX)
})

test('a list that finds no place in time is turned away, and the next one is not', async (t) => {
  const clock = new ManualClock()
  const lists = createHeldLists()
  const { open } = await startRawServer(t, { queries: lists.queries, clock })
  const clients = await Promise.all(Array.from({ length: LISTS_AT_WORK_MAX + 1 }, open))
  for (const client of clients) {
    client.send(getText('/api/orders?limit=1'))
    await until(() => lists.asked() === Math.min(clients.indexOf(client) + 1, 16), 'it has come')
  }
  const [first, last] = [clients[0], clients.at(-1)]
  assert.ok(first && last)
  last.send(getText('/health/live'))
  await clock.runUntil(() => last.statuses().length === 2, LIST_WAIT_MS)
  assert.deepEqual(last.statuses(), [503, 200])
  assert.match(last.text(), /"code":"SERVICE_FULL"/)
  lists.releaseOne()
  assert.deepEqual(await first.answers(1), [200])
  last.send(getText('/api/orders?limit=1'))
  await until(() => lists.asked() === LISTS_AT_WORK_MAX + 1, 'the next one has a place')
})

test('large pages have fewer places: their answers together have a bound', async (t) => {
  const lists = createHeldLists()
  const settings = { maxItemsPerOrder: 1_000 }
  const { open } = await startRawServer(t, { queries: lists.queries, settings })
  const clients = await Promise.all(Array.from({ length: 3 }, open))
  for (const client of clients) client.send(getText('/api/orders?limit=200'))
  const live = await open()
  live.send(getText('/health/live'))
  await live.answers(1)
  await until(() => lists.asked() === 1, 'one page is asked for')
  for (let count = 1; count <= clients.length; count += 1) {
    assert.equal(lists.asked(), count)
    lists.releaseOne()
    await until(() => lists.asked() === Math.min(count + 1, clients.length), 'the next follows')
  }
  for (const client of clients) assert.deepEqual(await client.answers(1), [200])
})

test('orders with more items than a new one may have count as what they are, once they were seen', async (t) => {
  const lists = createHeldLists()
  let known = 100
  const { open } = await startRawServer(t, { queries: lists.queries, itemsMax: () => known })
  const clients = await Promise.all(Array.from({ length: 2 }, open))
  const [first, second] = clients
  assert.ok(first && second)
  first.send(getText('/api/orders?limit=200'))
  await until(() => lists.asked() === 1, 'the first page is asked for')
  second.send(getText('/api/orders?limit=200'))
  await until(() => lists.asked() === 2, 'the second has room beside it')
  lists.releaseOne()
  lists.releaseOne()
  for (const client of clients) await client.answers(1)
  known = 1_000
  for (const client of clients) client.send(getText('/api/orders?limit=200'))
  const live = await open()
  live.send(getText('/health/live'))
  await live.answers(1)
  await until(() => lists.asked() === 3, 'one page is asked for')
  assert.equal(lists.asked(), 3)
  lists.releaseOne()
  await until(() => lists.asked() === 4, 'the other one follows')
  lists.releaseOne()
  for (const client of clients) await client.answers(2)
})

test('a bound of reads, beyond which others are turned away and health is answered', async (t) => {
  const { queries, asked, release } = createHeldReads()
  const { open } = await startRawServer(t, { queries })
  const clients = await Promise.all(Array.from({ length: READS_AT_WORK_MAX / 8 }, open))
  for (const client of clients) client.send(getText('/api/orders/ORD-1').repeat(8))
  await until(() => asked() === READS_AT_WORK_MAX, 'every place is taken')
  const other = await open()
  for (const path of [
    '/api/orders/ORD-1',
    '/openapi.json',
    '/health',
    '/health/live',
    '/health/ready',
    '/',
  ]) {
    other.send(getText(path))
  }
  other.send(getText('/api/orders/ORD-1').replace('GET', 'HEAD'))
  assert.deepEqual(await other.answers(7), [503, 503, 200, 200, 200, 200, 503])
  release()
  await Promise.all(clients.map((client) => client.answers(8)))
  other.send(getText('/api/orders/ORD-1'))
  assert.equal((await other.answers(8)).at(-1), 200)
})

test('where orders may be large fewer of them are read at once', async (t) => {
  const { queries, asked, release } = createHeldReads()
  const maxItemsPerOrder = 1_000
  const orderBytesMax = 2_560 + maxItemsPerOrder * 1_152
  const placeCount = Math.floor(READ_BYTES_MAX / orderBytesMax)
  const { open } = await startRawServer(t, { queries, settings: { maxItemsPerOrder } })
  const clients = await Promise.all(Array.from({ length: placeCount }, open))
  for (const client of clients) client.send(getText('/api/orders/ORD-1'))
  await until(() => asked() === placeCount, 'every place is taken')
  const other = await open()
  other.send(getText('/api/orders/ORD-1') + getText('/api/orders/ORD-1/events/1'))
  other.send(getText('/openapi.json'))
  assert.deepEqual(await other.answers(3), [503, 503, 200])
  release()
  await Promise.all(clients.map((client) => client.answers(1)))
  other.send(getText('/api/orders/ORD-1'))
  assert.equal((await other.answers(4)).at(-1), 200)
})
