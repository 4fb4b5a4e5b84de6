import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { BODY_BYTES_MAX_IN_ALL, KEPT_BACK_MS_MIN } from '../../src/api/admission/body-room.ts'
import { LIST_TAKEN_MS_MAX, LISTS_AT_WORK_MAX } from '../../src/api/admission/list-places.ts'
import { READ_TAKEN_MS_MAX, READS_AT_WORK_MAX } from '../../src/api/admission/read-places.ts'
import { creationBytesMax } from '../../src/api/json-body.ts'
import { Measures } from '../../src/business/measures/measures.ts'
import type { SettledOrder } from '../../src/business/ports.ts'
import type { OrderId } from '../../src/models/order.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import { countedPlaces } from './counted-places.ts'
import { createFakeCommands, createFakeQueries, orderOf } from './harness.ts'
import { createHeldCheck } from './held-check.ts'
import { createHeldReads } from './held-reads.ts'
import { asCaller, createText, getText, startRawServer, type RawServer } from './raw-client.ts'

/** More of a question than has places, from clients that do not wait for their answers. */
async function askAndLeave(
  { open, connectionCount }: RawServer,
  request: string,
  clientCount: number,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: clientCount }, open))
  for (const client of clients) client.send(request)
  await until(async () => (await connectionCount()) === clientCount, 'all are there')
  const live = await open()
  live.send(getText('/health/live'))
  await live.answers(1)
  for (const client of [...clients, live]) client.socket.resetAndDestroy()
  await until(async () => (await connectionCount()) === 0, 'all have left')
}

test('clients that leave do not get more lists asked of the store than have places', async (t) => {
  let atWork = 0
  const release: Array<() => void> = []
  const queries = createFakeQueries({
    async listOrders() {
      atWork += 1
      await new Promise<void>((resolve) => release.push(resolve))
      atWork -= 1
      return []
    },
  })
  const server = await startRawServer(t, { queries })
  for (let round = 0; round < 3; round += 1) {
    await askAndLeave(server, getText('/api/orders?limit=1'), LISTS_AT_WORK_MAX)
    assert.equal(atWork, LISTS_AT_WORK_MAX)
  }
  const client = await server.open()
  client.send(getText('/api/orders?limit=1'))
  for (const one of release.splice(0)) one()
  await until(() => atWork === 1, 'the next one has a place')
  for (const one of release.splice(0)) one()
  assert.deepEqual(await client.answers(1), [200])
})

test('clients that leave do not get more reads asked of the store than have places', async (t) => {
  const { queries, asked, release } = createHeldReads()
  const server = await startRawServer(t, { queries })
  for (let round = 0; round < 2; round += 1) {
    await askAndLeave(server, getText('/api/orders/ORD-1').repeat(8), READS_AT_WORK_MAX / 8)
    assert.equal(asked(), READS_AT_WORK_MAX)
  }
  release()
  await setImmediate()
  const client = await server.open()
  client.send(getText('/api/orders/ORD-1'))
  assert.deepEqual(await client.answers(1), [200])
})

test('clients that leave while their credentials are checked keep no places', async (t) => {
  const { callers, asked, release } = createHeldCheck()
  const changes = countedPlaces(1)
  const settings = { maxItemsPerOrder: 1_000 }
  const server = await startRawServer(t, { callers, changes, settings })
  const list = asCaller(getText('/api/orders?limit=1'))
  const read = asCaller(getText('/api/orders/ORD-1'))
  const create = asCaller(createText('ORD-1'))
  const placeCount = READS_AT_WORK_MAX / 8
  for (const request of [list, read, create]) await askAndLeave(server, request, placeCount)
  assert.equal(asked(), 3 * placeCount)
  release()
  const client = await server.open()
  for (const request of [list, read, create]) client.send(request)
  assert.deepEqual(await client.answers(3), [200, 200, 201])
})

test('a change is begun when its body is here, and is turned away when there is no place any more', async (t) => {
  const changes = countedPlaces(1)
  const commands = createFakeCommands()
  const { open } = await startRawServer(t, { changes, commands })
  const [late, honest] = [await open(), await open()]
  const create = createText('LATE')
  late.send(create.slice(0, -5))
  honest.send(createText('HONEST'))
  assert.deepEqual(await honest.answers(1), [201])
  late.send(create.slice(-5) + getText('/health/live'))
  assert.deepEqual(await late.answers(2), [503, 200])
  assert.match(late.text(), /"code":"SERVICE_FULL".*"outcome":"not-applied"/)
  await until(() => changes.left() === 1, 'the one that had a place has left')
  assert.deepEqual(
    commands.created.map(({ orderId }) => orderId),
    ['HONEST'],
  )
})

test('a change learns that its client has left, and a list of one that has is not written', async (t) => {
  const signals: AbortSignal[] = []
  const commands = createFakeCommands()
  commands.createOrder = ({ leaving }) => {
    if (leaving !== undefined) signals.push(leaving())
    return new Promise(() => undefined)
  }
  const page = Promise.withResolvers<readonly SettledOrder[]>()
  let asked = 0
  const queries = createFakeQueries({
    listOrders() {
      asked += 1
      return page.promise
    },
  })
  const { open, connectionCount } = await startRawServer(t, { commands, queries })
  const [changing, listing] = [await open(), await open()]
  changing.send(createText('ORD-1'))
  listing.send(getText('/api/orders'))
  await until(() => signals.length === 1 && asked === 1, 'both are at work')
  assert.equal(signals[0]?.aborted, false)
  for (const client of [changing, listing]) client.socket.resetAndDestroy()
  await until(() => signals[0]?.aborted === true, 'the change knows')
  await until(async () => (await connectionCount()) === 0, 'both have left')
  let isWritten = false
  const orders: SettledOrder[] = [{ order: orderOf('ORD-1' as OrderId, 1), version: 1 }]
  page.resolve(
    Object.defineProperty(orders, 'slice', {
      value: () => {
        isWritten = true
        return []
      },
    }),
  )
  await setImmediate()
  assert.equal(isWritten, false)
})

/** The head of a request whose body has so many bytes, and does not come. */
function headText(requestLine: string, bodyBytes: number): string {
  const length = `Content-Length: ${bodyBytes}`
  return `${requestLine} HTTP/1.1\r\nHost: cart\r\nContent-Type: application/json\r\n${length}\r\n\r\n`
}

test('bodies that are kept back have a bound together, and make room for others', async (t) => {
  const clock = new ManualClock()
  const settings = { maxItemsPerOrder: 1_000 }
  const measures = new Measures()
  const { open, server } = await startRawServer(t, { settings, clock, measures })
  let heads = 0
  server.server.prependListener('request', () => (heads += 1))
  const bytes = creationBytesMax(settings.maxItemsPerOrder)
  const count = Math.floor(BODY_BYTES_MAX_IN_ALL / bytes)
  const late = await Promise.all(Array.from({ length: count }, open))
  // The last one does not say how long it is.
  const head = headText('POST /api/create-order', bytes)
  for (const client of late.slice(1)) client.send(head)
  late[0]?.send(head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked'))
  await until(() => heads === count, 'all heads are here')
  const honest = await open()
  honest.send(head)
  assert.deepEqual(await honest.answers(1), [503])
  assert.match(honest.text(), /"code":"SERVICE_FULL".*"outcome":"not-applied"/)
  clock.advance(KEPT_BACK_MS_MIN)
  const next = await open()
  next.send(createText('SMALL') + head)
  assert.deepEqual(await next.answers(1), [201])
  await until(() => late.some((client) => client.statuses().length > 0), 'one has made room')
  assert.equal(late.filter((client) => client.text().includes('SERVICE_FULL')).length, 1)
  assert.deepEqual(measures.turnedAway.list()[0], { labels: ['change'], count: 2 })
})

test('a body keeps its room until its change is answered', async (t) => {
  const settings = { maxItemsPerOrder: 1_000 }
  const bytes = creationBytesMax(settings.maxItemsPerOrder)
  const count = Math.floor(BODY_BYTES_MAX_IN_ALL / bytes)
  const held = Promise.withResolvers<void>()
  const answering = createFakeCommands()
  const commands = createFakeCommands()
  let begun = 0
  commands.createOrder = async (command) => {
    begun += 1
    await held.promise
    return answering.createOrder(command)
  }
  const { open } = await startRawServer(t, { settings, commands })
  const clients = await Promise.all(Array.from({ length: count }, open))
  for (const [index, client] of clients.entries()) {
    client.send(headText('POST /api/create-order', bytes))
    client.send(JSON.stringify({ orderId: `ORD-${index}`, numItems: 1 }).padEnd(bytes))
  }
  await until(() => begun === count, 'all have begun, and wait')
  const other = await open()
  other.send(headText('POST /api/create-order', bytes))
  assert.deepEqual(await other.answers(1), [503])
  held.resolve()
  for (const client of clients) assert.deepEqual(await client.answers(1), [201])
  const next = await open()
  next.send(headText('POST /api/create-order', bytes))
  next.send(JSON.stringify({ orderId: 'NEXT', numItems: 1 }).padEnd(bytes))
  assert.deepEqual(await next.answers(1), [201])
})

test('reads that keep their bodies back take no place from those that do not', async (t) => {
  const { open, server } = await startRawServer(t)
  let heads = 0
  server.server.prependListener('request', () => (heads += 1))
  const late = await Promise.all(Array.from({ length: READS_AT_WORK_MAX }, open))
  for (const client of late) client.send(headText('POST /api/operations/runs', 20))
  await until(() => heads === READS_AT_WORK_MAX, 'all heads are here')
  const other = await open()
  other.send(getText('/api/orders/ORD-1'))
  assert.deepEqual(await other.answers(1), [200])
})

test('a read keeps its place for no longer than it may', async (t) => {
  const clock = new ManualClock()
  let asked = 0
  const queries = createFakeQueries({
    getOrder() {
      asked += 1
      return new Promise(() => undefined)
    },
  })
  const { open } = await startRawServer(t, { queries, clock })
  const client = await open()
  client.send(getText('/api/orders/ORD-1'))
  await until(() => asked === 1, 'it is at work')
  clock.advance(READ_TAKEN_MS_MAX)
  await client.ended()
})

const CHECK_MS = 1_000

/** What is taken between two checks: so much that the rule of clients that take nothing does not apply. */
const TAKEN_BYTES = 256 * 1024

/** More than is taken so in its time, and no more than a page may have. */
const LARGE_PAGE: readonly SettledOrder[] = Array.from({ length: 200 }, (_, index) => {
  const order = orderOf(`ORD-${index}` as OrderId, 280)
  const items = order.items.map((item) => ({ ...item, itemId: 'é'.repeat(255) }))
  return { order: { ...order, items }, version: 1 }
})

test('a client that takes a list a little at a time keeps its place for no longer than it may', async (t) => {
  const clock = new ManualClock()
  const queries = createFakeQueries({ listOrders: () => Promise.resolve(LARGE_PAGE) })
  const { open } = await startRawServer(t, { queries, clock })
  const slow = await open()
  let wanted = 0
  let isEnded = false
  slow.socket.pause()
  slow.socket.on('close', () => (isEnded = true))
  slow.socket.on('data', (chunk: Buffer) => {
    wanted -= chunk.length
    if (wanted <= 0) slow.socket.pause()
  })
  slow.send(getText('/api/orders?limit=200'))
  const checksMax = LIST_TAKEN_MS_MAX / CHECK_MS
  for (let checks = 0; checks < checksMax; checks += 1) {
    wanted = TAKEN_BYTES
    slow.socket.resume()
    await until(() => wanted <= 0, `a part is taken after ${checks} checks`, 10_000)
    clock.advance(CHECK_MS)
  }
  wanted = Infinity
  slow.socket.resume()
  await until(() => isEnded, 'the connection is ended', 10_000)
})
