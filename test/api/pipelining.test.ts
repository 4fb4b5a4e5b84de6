import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import type { OrderCommands } from '../../src/business/order/commands.ts'
import type { OrderQuery } from '../../src/business/ports.ts'
import { eventBytesMax } from '../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import { systemClock } from '../../src/service/system.ts'
import { MemoryFeed } from '../support/memory-feed.ts'
import { until } from '../support/until.ts'
import { changedOrder, createFakeCommands, createFakeQueries, orderOf } from './harness.ts'
import { createText, getText, startRawServer } from './raw-client.ts'

const PER_SOCKET_MAX = 8

interface HeldCommands extends OrderCommands {
  readonly begun: string[]
  readonly atWork: () => number
  readonly mostAtWork: () => number
  release(): void
}

/** Creations wait for their release; those that come after it do not. */
function createHeldCommands(): HeldCommands {
  const released = Promise.withResolvers<void>()
  const begun: string[] = []
  let atWork = 0
  let mostAtWork = 0
  return {
    ...createFakeCommands(),
    begun,
    atWork: () => atWork,
    mostAtWork: () => mostAtWork,
    release: released.resolve,
    async createOrder({ orderId }) {
      begun.push(orderId)
      atWork += 1
      mostAtWork = Math.max(mostAtWork, atWork)
      await released.promise
      await setImmediate()
      atWork -= 1
      return changedOrder(orderOf(orderId, 1))
    },
  }
}

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `ORD-${index}`)
}

function locationsIn(text: string): string[] {
  return [...text.matchAll(/location: \/api\/orders\/(\S+)/gi)].map(([, id]) => String(id))
}

test('answers every request of a socket in its order, a few at a time, however many are sent ahead', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  const ids = idsOf(1_200)
  client.send(ids.map(createText).join(''))
  await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
  await setImmediate()
  commands.release()
  assert.deepEqual(new Set(await client.answers(ids.length)), new Set([201]))
  assert.deepEqual(locationsIn(client.text()), ids)
  assert.deepEqual(commands.begun, ids)
  assert.ok(commands.mostAtWork() <= PER_SOCKET_MAX, `${commands.mostAtWork()} were at work`)
})

test('takes what comes in small pieces while a socket is full', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  const ids = idsOf(40)
  const sent = ids.map(createText).join('')
  const pieceLength = 37
  for (let from = 0; from < sent.length; from += pieceLength) {
    client.send(sent.slice(from, from + pieceLength))
    await setImmediate()
  }
  await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
  commands.release()
  await client.answers(ids.length)
  assert.deepEqual(locationsIn(client.text()), ids)
})

for (const [what, ninth] of [
  ['ends with its head', [getText('/'), '']],
  ['has its body still to come', [createText('LAST').slice(0, -10), createText('LAST').slice(-10)]],
] as const) {
  test(`goes on after a request that waited for its turn and ${what}`, async (t) => {
    const commands = createHeldCommands()
    const { open } = await startRawServer(t, { commands })
    const client = await open()
    const ids = idsOf(PER_SOCKET_MAX)
    client.send(ids.map(createText).join('') + ninth[0])
    await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
    client.send(ninth[1])
    commands.release()
    await client.answers(9)
    client.send(getText('/health/live'))
    const statuses = await client.answers(10)
    assert.deepEqual(
      statuses.slice(0, 8),
      ids.map(() => 201),
    )
    assert.equal(statuses.at(-1), 200)
  })
}

test('a request that waited for its turn and asks for another protocol is the last one', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  const upgrade = '\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'
  const ids = idsOf(PER_SOCKET_MAX)
  client.send(ids.map(createText).join('') + getText('/').replace('\r\n\r\n', upgrade))
  await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
  commands.release()
  await client.ended()
  assert.deepEqual(client.statuses(), [...ids.map(() => 201), 200])
})

test('requests that Node refuses by itself take their turn, too', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  const refused = 'GET / HTTP/1.1\r\nHost: cart\r\nExpect: 200-ok\r\n\r\n'
  client.send(createText('FIRST') + refused.repeat(100) + createText('LAST'))
  await until(() => commands.begun.length === 1, 'the first one is begun')
  await setImmediate()
  assert.deepEqual(commands.begun, ['FIRST'])
  commands.release()
  const statuses = await client.answers(2)
  assert.deepEqual(statuses.slice(0, 2), [201, 417])
})

test('what waits on a socket is not begun when the client has left', async (t) => {
  const commands = createHeldCommands()
  const { open, connectionCount } = await startRawServer(t, { commands })
  const client = await open()
  client.send(idsOf(1_000).map(createText).join(''))
  await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
  client.socket.resetAndDestroy()
  commands.release()
  await until(async () => (await connectionCount()) === 0, 'the server has noticed')
  await until(() => commands.atWork() === 0, 'nothing is at work')
  assert.ok(commands.begun.length <= 2 * PER_SOCKET_MAX, `${commands.begun.length} were begun`)
})

/** A stream's requests, and how many of them the feed was asked for. */
function countedFeed() {
  const store = new MemoryFeed()
  const feed = new LiveFeed({
    feed: store,
    clock: systemClock,
    publishTimeoutMs: 5_000,
    eventBytesMax: () => eventBytesMax(100),
  })
  let asked = 0
  const findStart = feed.findStart.bind(feed)
  feed.findStart = (...args) => {
    asked += 1
    return findStart(...args)
  }
  return { feed, asked: () => asked }
}

test('1,200 pipelined requests for the stream take one place', async (t) => {
  const { feed, asked } = countedFeed()
  const { open } = await startRawServer(t, { feed, settings: { streamReadersMax: 2 } })
  const greedy = await open()
  greedy.send(getText('/api/events/stream').repeat(1_200))
  await until(() => greedy.text().includes('id: '), 'the stream begins')
  const other = await open()
  other.send(getText('/api/events/stream'))
  assert.deepEqual(await other.answers(1), [200])
  await until(() => other.text().includes('id: '), 'the other stream begins')
  assert.equal(asked(), 2)
  assert.deepEqual(greedy.statuses(), [200])
})

test('a stream begins when all before it is answered, and nothing behind it begins', async (t) => {
  const { feed, asked } = countedFeed()
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { feed, commands })
  const client = await open()
  client.send(createText('BEFORE') + getText('/api/events/%73tream') + createText('BEHIND'))
  await until(() => commands.begun.length === 1, 'the creation is begun')
  await setImmediate()
  assert.equal(asked(), 0)
  commands.release()
  await until(() => client.text().includes('\nid: '), 'the stream begins')
  assert.deepEqual(commands.begun, ['BEFORE'])
  assert.deepEqual(client.statuses(), [201, 200])
})

test('a socket has one list at a time, and lists that nobody waits for are not asked of the store', async (t) => {
  const asked: OrderQuery[] = []
  const answers: Array<() => void> = []
  const queries = createFakeQueries({
    listOrders(query) {
      asked.push(query)
      return new Promise((resolve) => answers.push(() => resolve([])))
    },
  })
  const { open, connectionCount } = await startRawServer(t, { queries })
  const client = await open()
  client.send(getText('/api/orders?limit=200').repeat(1_600))
  await until(() => asked.length === 1, 'the first list is asked for')
  answers[0]?.()
  await until(() => asked.length === 2, 'the second one follows it')
  assert.equal(client.statuses().length, 1)
  client.socket.resetAndDestroy()
  answers[1]?.()
  await until(async () => (await connectionCount()) === 0, 'the server has noticed')
  assert.ok(asked.length <= 3, `${asked.length} lists were asked for`)
})

test('refuses what is not HTTP behind requests that wait', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  client.send(`${idsOf(20).map(createText).join('')}garbage\r\n\r\n`)
  await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
  commands.release()
  const text = await client.ended()
  // As without the wait: answers that are not there yet are not written, and none is false.
  assert.ok(
    client.statuses().every((status) => status === 201 || status === 400),
    text,
  )
})

test('a socket that was full takes its next requests one by one as before', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  client.send(idsOf(100).map(createText).join(''))
  await until(() => commands.begun.length === PER_SOCKET_MAX, 'the first ones are begun')
  commands.release()
  await client.answers(100)
  for (let count = 101; count <= 110; count += 1) {
    client.send(createText(`NEXT-${count}`))
    await client.answers(count)
  }
  assert.equal(commands.begun.length, 110)
})

test('a socket whose requests are refused at once leaves turns of the loop to others', async (t) => {
  const { server, open } = await startRawServer(t, {
    changes: {
      enter: () => false,
      leave: () => undefined,
      isFull: () => true,
      outcomeOfRefusal: () => 'not-applied',
    },
  })
  let inThisTurn = 0
  let mostInOneTurn = 0
  let isOver = false
  server.server.prependListener('request', () => (inThisTurn += 1))
  const watch = async (): Promise<void> => {
    for (; !isOver; inThisTurn = 0) {
      await setImmediate()
      mostInOneTurn = Math.max(mostInOneTurn, inThisTurn)
    }
  }
  const watching = watch()
  const client = await open()
  client.send(idsOf(300).map(createText).join(''))
  const statuses = await client.answers(300)
  isOver = true
  await watching
  assert.deepEqual(new Set(statuses), new Set([503]))
  // What had a place is answered, those behind it begin, and one more is read.
  assert.ok(mostInOneTurn <= 2 * PER_SOCKET_MAX + 1, `${mostInOneTurn} in one turn`)
})
