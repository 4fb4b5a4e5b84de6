import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { lookup } from 'node:dns/promises'
import { connect, type AddressInfo } from 'node:net'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { STALLED_CHECKS_MAX } from '../../src/api/admission/socket-gate.ts'
import type { SettledOrder } from '../../src/business/ports.ts'
import type { OrderId } from '../../src/models/order.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import {
  changedOrder,
  createFakeCommands,
  createFakeQueries,
  orderOf,
  startTestServer,
} from './harness.ts'
import { createText, getText, startRawServer, type RawClient } from './raw-client.ts'

const CHECK_MS = 1_000

/** More than the sockets of a connection take by themselves. */
const LARGE_PAGE: readonly SettledOrder[] = Array.from({ length: 1_500 }, (_, index) => ({
  order: orderOf(`ORD-${index}` as OrderId, 200),
  version: 1,
}))

test('tells a connection that is one too many, and lets the next one in when another has gone', async (t) => {
  const { open, connectionCount } = await startRawServer(t, { settings: { connectionsMax: 2 } })
  const [first, second] = [await open(), await open()]
  const third = await open()
  third.send(getText('/health/live'))
  const told = await third.ended()
  assert.deepEqual(third.statuses(), [503])
  assert.match(told, /\r\nretry-after: [1-4]\r\n/)
  assert.match(told, /\r\nconnection: close\r\n/)
  assert.match(
    told,
    /"code":"SERVICE_FULL".*"detail":"2 connections are open already;.*"outcome":"unknown"/,
  )
  for (const client of [first, second]) {
    client.send(getText('/health/live'))
    assert.deepEqual(await client.answers(1), [200])
  }
  first.socket.end()
  await until(async () => (await connectionCount()) === 1, 'the first one has gone')
  const fourth = await open()
  fourth.send(getText('/health/live'))
  assert.deepEqual(await fourth.answers(1), [200])
})

test('parses nothing of what a connection sends that is one too many', async (t) => {
  const { server, open } = await startRawServer(t, { settings: { connectionsMax: 1 } })
  let requestCount = 0
  server.server.on('request', () => {
    requestCount += 1
  })
  await open()
  const second = await open()
  for (let count = 0; count < 20; count += 1) second.send(getText('/health/live').repeat(1_000))
  await second.ended()
  assert.deepEqual(second.statuses(), [503])
  assert.ok(requestCount <= 1, `${requestCount} requests were parsed`)
})

async function startLargeLists(t: TestContext) {
  const clock = new ManualClock()
  let asked = 0
  const queries = createFakeQueries({
    // The answer is cut to the page: all of it is one order for one event.
    listOrders: () => {
      asked += 1
      return Promise.resolve(LARGE_PAGE)
    },
    listOrderEvents: () => new Promise(() => {}),
  })
  const server = await startRawServer(t, { clock, queries })
  return { ...server, clock, asked: () => asked }
}

async function check(clock: ManualClock): Promise<void> {
  clock.advance(CHECK_MS)
  await setImmediate()
}

/** The answer fills what is between the server and a client that does not read. */
async function askAndNotRead(client: RawClient): Promise<void> {
  client.socket.pause()
  client.send(getText('/api/orders?limit=200').repeat(50))
}

test('ends the connection of a client that does not take its answer, and no other', async (t) => {
  const { open, clock, asked, connectionCount } = await startLargeLists(t)
  const [slow, idle, waiting] = [await open(), await open(), await open()]
  idle.send(getText('/health/live'))
  await idle.answers(1)
  waiting.send(getText('/api/orders/ORD-1/events'))
  await askAndNotRead(slow)
  let before = -1
  // Until no further page is begun: its socket is full.
  await until(() => {
    const isFull = asked() > 0 && asked() === before
    before = asked()
    return isFull
  }, 'the socket is full')
  for (let count = 0; count < STALLED_CHECKS_MAX - 1; count += 1) await check(clock)
  assert.equal(await connectionCount(), 3)
  for (let count = 0; count < STALLED_CHECKS_MAX; count += 1) await check(clock)
  await until(async () => (await connectionCount()) === 2, 'the connection is ended')
  idle.send(getText('/health/live'))
  assert.deepEqual(await idle.answers(2), [200, 200])
  assert.deepEqual(waiting.statuses(), [])
  assert.ok(!waiting.socket.destroyed)
})

test('does not end the connection of a client that takes its answer slowly', async (t) => {
  const clock = new ManualClock()
  const { open, connectionCount } = await startRawServer(t, { clock })
  const slow = await open()
  slow.socket.pause()
  slow.send(getText('/redoc/redoc.standalone.js').repeat(50))
  let wanted = 0
  slow.socket.on('data', (chunk: Buffer) => {
    wanted -= chunk.length
    if (wanted <= 0) slow.socket.pause()
  })
  for (let round = 0; round < 2 * STALLED_CHECKS_MAX; round += 1) {
    wanted = 1024 * 1024
    slow.socket.resume()
    await until(() => wanted <= 0, 'some of it is read')
    await check(clock)
  }
  assert.equal(await connectionCount(), 1)
})

test('closes a connection on which nothing came without a word', async (t) => {
  const { open } = await startRawServer(t, { settings: { requestTimeoutMs: 100 } })
  const client = await open()
  assert.equal(await client.ended(), '')
})

test('does not blame a client for the time in which the loop read nothing', async (t) => {
  const { open } = await startRawServer(t, { settings: { requestTimeoutMs: 200 } })
  const client = await open()
  client.send(getText('/health/live'))
  // The bytes are in this machine. Now nobody reads them for longer than the request may take.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  assert.deepEqual(await client.answers(1), [200])
})

/** Eight are at work and the ninth waits, for longer than a request may take to come. */
async function waitForTurn(t: TestContext, lastSent: string): Promise<RawClient> {
  const released = Promise.withResolvers<void>()
  let begun = 0
  const { open } = await startRawServer(t, {
    settings: { requestTimeoutMs: 150 },
    commands: {
      ...createFakeCommands(),
      async createOrder({ orderId }) {
        begun += 1
        await released.promise
        return changedOrder(orderOf(orderId, 1))
      },
    },
  })
  const client = await open()
  client.send(createText('ORD-1').repeat(8) + lastSent)
  await until(() => begun === 8, 'the first ones are begun')
  const beganAt = performance.now()
  await until(() => performance.now() - beganAt > 800, 'a request would have been late')
  assert.ok(!client.socket.destroyed)
  released.resolve()
  await client.answers(8)
  return client
}

const EIGHT_CREATED = Array.from({ length: 8 }, () => 201)

test('a request that waits for its turn is not late, and its body has the time of a whole one', async (t) => {
  const last = createText('LAST')
  const client = await waitForTurn(t, last.slice(0, -5))
  client.send(last.slice(-5))
  assert.deepEqual(await client.answers(9), [...EIGHT_CREATED, 201])
})

test('a request that has waited for its turn for long, and does not come, is late', async (t) => {
  const client = await waitForTurn(t, createText('LAST').slice(0, -5))
  await client.ended()
  assert.deepEqual(client.statuses(), [...EIGHT_CREATED, 408])
})

test('a request that waited for its turn, and does not come, is late', async (t) => {
  const { open } = await startRawServer(t, { settings: { requestTimeoutMs: 150 } })
  const client = await open()
  client.send(getText('/').repeat(20) + createText('LAST').slice(0, -5))
  const told = await client.ended()
  assert.deepEqual(client.statuses(), [...Array.from({ length: 20 }, () => 200), 408], told)
})

test('localhost is reached by each of its addresses, with the same rules', async (t) => {
  const { server } = await startTestServer(t, {})
  await server.listen({ host: 'localhost', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const addresses = await lookup('localhost', { all: true })
  for (const { address } of addresses) {
    const answer = async (): Promise<string> => {
      const socket = connect({ host: address, port })
      socket.end('CONNECT cart:1 HTTP/1.1\r\nHost: cart\r\n\r\n')
      return text(socket)
    }
    await until(async () => /^HTTP\/1.1 400 .*"REQUEST_INVALID"/s.test(await answer()), address)
  }
})

test('new connections are taken several in a turn of the loop', async (t) => {
  const { server } = await startTestServer(t, { settings: { acceptQueues: 8 } })
  await server.listen({ host: '127.0.0.1', port: 0 })
  let taken = 0
  const countTaken = (): void => void (taken += 1)
  // Of every server: each queue has one of its own.
  subscribe('net.server.socket', countTaken)
  t.after(() => unsubscribe('net.server.socket', countTaken))
  const { port } = server.server.address() as AddressInfo
  const clients = Array.from({ length: 64 }, () => connect({ host: '127.0.0.1', port }))
  t.after(() => {
    for (const client of clients) client.destroy()
  })
  let mostInOneTurn = 0
  while (taken < clients.length) {
    const before = taken
    await setImmediate()
    mostInOneTurn = Math.max(mostInOneTurn, taken - before)
  }
  // Elsewhere one queue gets them all.
  const least = process.platform === 'linux' ? 2 : 1
  assert.ok(mostInOneTurn >= least, `${mostInOneTurn} in one turn`)
})
