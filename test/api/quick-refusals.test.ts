import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { LOOKING_MS_MAX } from '../../src/api/admission/quick-refusals.ts'
import { Measures } from '../../src/business/measures/measures.ts'
import { systemClock } from '../../src/service/system.ts'
import { createFakeCommands } from './harness.ts'
import { createText, getText, startRawServer, type RawClient } from './raw-client.ts'

/**
 * A service that is full while it is told to be, and how many requests came to its parser. To look at a
 * request takes a millisecond by its clock, and nothing else takes any time.
 */
async function startFull(t: TestContext, isHostOpen = true) {
  let isFull = true
  let asked = 0
  let parsed = 0
  const commands = createFakeCommands()
  const measures = new Measures()
  const server = await startRawServer(t, {
    commands,
    measures,
    clock: { ...systemClock, monotonicMs: () => asked },
    ...(isHostOpen && { settings: { ownNames: { names: ['*'], hasOthers: false } } }),
    changes: {
      enter: () => !isFull,
      leave: () => undefined,
      isFull() {
        asked += 1
        return isFull
      },
      outcomeOfRefusal: (hasRetryKey) => (hasRetryKey ? 'unknown' : 'not-applied'),
    },
  })
  server.server.server.prependListener('request', () => (parsed += 1))
  return {
    ...server,
    commands,
    measures,
    empty: () => (isFull = false),
    asked: () => asked,
    parsed: () => parsed,
    /** A client that was refused once, as the parser's requests are. */
    openRefused: async (): Promise<RawClient> => {
      const client = await server.open()
      client.send(createText('FIRST'))
      await client.answers(1)
      await setImmediate()
      return client
    },
  }
}

/** Status, headers and body of an answer, without what is its own and what Node says of the connection. */
function partsOf(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const ownId = /x-request-id: (\S+)/.exec(head)?.[1] ?? 'none'
  const lines = head
    .replace(ownId, 'ID')
    .split('\r\n')
    .filter((line) => !/^(?:date|connection|keep-alive|retry-after):/i.test(line))
  return { lines, body: body.replace(ownId, 'ID') }
}

test('the second refusal of a connection is the first one, and costs no parsing', async (t) => {
  const { openRefused, parsed } = await startFull(t)
  const client = await openRefused()
  const first = client.text()
  client.send(createText('ORD-2'))
  assert.deepEqual(await client.answers(2), [503, 503])
  const second = client.text().slice(first.length)
  assert.equal(parsed(), 1)
  assert.deepEqual(partsOf(second), partsOf(first))
  assert.match(second, /retry-after: [1-4]\r\n/)
  client.send(createText('ORD-3').replace('Host', 'Idempotency-Key: k-1\r\nHost'))
  await client.answers(3)
  assert.match(client.text(), /"outcome":"unknown"/)
  assert.equal(parsed(), 1)
})

test('every refusal is counted as a request and as one that was turned away', async (t) => {
  const { openRefused, measures, parsed } = await startFull(t)
  const client = await openRefused()
  client.send(createText('ORD-2'))
  await client.answers(2)
  assert.equal(parsed(), 1)
  const counted = measures.requests
    .list()
    .map(({ labels, value }) => [labels, value.counts.reduce((sum, count) => sum + count)])
  assert.deepEqual(counted, [[['POST', '/api/create-order', '503'], 2]])
  assert.deepEqual(measures.turnedAway.list()[0], { labels: ['change'], count: 2 })
})

test('a connection that was refused is served once there is room, and for all else it asks', async (t) => {
  const { openRefused, empty, commands, parsed } = await startFull(t)
  const client = await openRefused()
  client.send(getText('/health/live'))
  assert.deepEqual(await client.answers(2), [503, 200])
  client.send(createText('A') + createText('B'))
  assert.deepEqual(await client.answers(4), [503, 200, 503, 503])
  empty()
  client.send(createText('C'))
  assert.deepEqual(await client.answers(5), [503, 200, 503, 503, 201])
  client.send(Array.from({ length: 30 }, (_, index) => createText(`D-${index}`)).join(''))
  const statuses = await client.answers(35)
  assert.deepEqual(new Set(statuses.slice(5)), new Set([201]))
  assert.equal(commands.created.length, 31)
  assert.equal(parsed(), 35)
})

test('bytes that look like a request inside of another one are a part of that', async (t) => {
  const { openRefused, parsed } = await startFull(t)
  const hidden = createText('HIDDEN')
  const client = await openRefused()
  // The body of a request that is refused before it.
  client.send(createText('A').replace(/Content-Length: \d+\r\n\r\n.*/, ''))
  client.send(`Content-Length: ${hidden.length}\r\n\r\n`)
  await client.answers(2)
  client.send(hidden)
  client.send(getText('/health/live'))
  assert.deepEqual(await client.answers(3), [503, 503, 200])
  // The value of a header.
  client.send('GET /health/live HTTP/1.1\r\nX-A: ')
  await setImmediate()
  await setImmediate()
  client.send(hidden)
  assert.deepEqual(await client.answers(4), [503, 503, 200, 200])
  assert.equal(parsed(), 4)
})

test('a request for another host is refused as such, however full the service is', async (t) => {
  const { openRefused } = await startFull(t, false)
  const client = await openRefused()
  client.send(createText('A').replace('Host: cart', 'Host: evil.example'))
  const [, status] = await client.answers(2)
  assert.notEqual(status, 503)
})

test('few requests of refused connections are looked at in one turn of the loop', async (t) => {
  const { openRefused, asked } = await startFull(t)
  const clients: RawClient[] = []
  for (let count = 0; count < 10 * LOOKING_MS_MAX; count += 1) {
    clients.push(await openRefused())
  }
  let isOver = false
  let mostInOneTurn = 0
  const watch = async (): Promise<void> => {
    for (let before = asked(); !isOver; before = asked()) {
      await setImmediate()
      mostInOneTurn = Math.max(mostInOneTurn, asked() - before)
    }
  }
  const askedBefore = asked()
  const watching = watch()
  for (const client of clients) client.send(createText('ORD-2'))
  for (const client of clients) assert.deepEqual(await client.answers(2), [503, 503])
  isOver = true
  await watching
  assert.equal(asked() - askedBefore, clients.length)
  assert.ok(mostInOneTurn <= LOOKING_MS_MAX, `${mostInOneTurn} in one turn`)
})

test('the first request of a connection is parsed, so that Node knows that there was one', async (t) => {
  const { open, parsed } = await startFull(t)
  const client = await open()
  client.send(createText('A'))
  assert.deepEqual(await client.answers(1), [503])
  assert.equal(parsed(), 1)
  await setImmediate()
  client.send(createText('B'))
  assert.deepEqual(await client.answers(2), [503, 503])
  assert.equal(parsed(), 1)
})
