import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { LOOKED_AT_MIN } from '../../src/api/admission/quick-refusals.ts'
import { REQUESTS_PER_SOCKET_MAX } from '../../src/api/admission/socket-line.ts'
import { Measures } from '../../src/business/measures/measures.ts'
import { until } from '../support/until.ts'
import { createFakeCommands } from './harness.ts'
import { createText, getText, startRawServer, type RawClient } from './raw-client.ts'

const OPEN_TO_ALL = { names: ['*'], hasOthers: false }

/**
 * A service that is full while it is told to be, and how many requests came to its parser.
 */
async function startFull(t: TestContext, deps: Parameters<typeof startRawServer>[1] = {}) {
  let isFull = true
  let looked = 0
  let parsed = 0
  const commands = createFakeCommands()
  const measures = new Measures()
  const server = await startRawServer(t, {
    commands,
    measures,
    changes: {
      enter: () => !isFull,
      leave: () => undefined,
      isFull: () => isFull,
      outcomeOfRefusal(hasRetryKey) {
        looked += 1
        return hasRetryKey ? 'unknown' : 'not-applied'
      },
    },
    ...deps,
    settings: { ownNames: OPEN_TO_ALL, ...deps.settings },
  })
  server.server.server.prependListener('request', () => (parsed += 1))
  return {
    ...server,
    commands,
    measures,
    empty: () => (isFull = false),
    fill: () => (isFull = true),
    looked: () => looked,
    parsed: () => parsed,
    /** A client that was refused once. */
    openRefused: async (): Promise<RawClient> => {
      const client = await server.open()
      client.send(createText('FIRST'))
      assert.deepEqual(await client.answers(1), [503])
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

test('a refusal costs no parsing, and is the one that is given to what is parsed', async (t) => {
  const { openRefused, parsed } = await startFull(t)
  const client = await openRefused()
  assert.equal(parsed(), 0)
  const first = client.text()
  assert.match(first, /retry-after: [1-4]\r\n/)
  client.send(createText('ORD-2').replace('Host', 'TE: trailers\r\nHost'))
  assert.deepEqual(await client.answers(2), [503, 503])
  assert.equal(parsed(), 1)
  const second = client.text().slice(first.length)
  assert.deepEqual(partsOf(first), partsOf(second))
  client.send(createText('ORD-3').replace('Host', 'Idempotency-Key: k-1\r\nHost'))
  await client.answers(3)
  assert.match(client.text(), /"outcome":"unknown"/)
  assert.equal(parsed(), 1)
})

test('after one refusal nothing that is refused is parsed, on connections that were there before', async (t) => {
  const { open, empty, fill, parsed } = await startFull(t)
  empty()
  const clients = [await open(), await open(), await open()]
  for (const client of clients) {
    client.send(getText('/health/live'))
    await client.answers(1)
  }
  const before = parsed()
  fill()
  for (const client of clients) {
    client.send(createText('A'))
    assert.deepEqual(await client.answers(2), [200, 503])
  }
  assert.equal(parsed() - before, 1)
})

test('a connection that has to wait for its turn when the first one is refused is read on', async (t) => {
  const served = Promise.withResolvers<undefined>()
  const begun: unknown[] = []
  const commands = createFakeCommands()
  const { open, empty, fill } = await startFull(t, {
    commands: {
      ...commands,
      async createOrder(command) {
        begun.push(command)
        await served.promise
        return commands.createOrder(command)
      },
    },
  })
  empty()
  const ahead = await open()
  ahead.send(createText('A').repeat(REQUESTS_PER_SOCKET_MAX + 1))
  await until(() => begun.length === REQUESTS_PER_SOCKET_MAX, 'the last one waits')
  fill()
  const refused = await open()
  refused.send(createText('B').replace('Host', 'TE: trailers\r\nHost'))
  assert.deepEqual(await refused.answers(1), [503])
  empty()
  served.resolve(undefined)
  await ahead.answers(REQUESTS_PER_SOCKET_MAX + 1)
  ahead.send(getText('/health/live'))
  assert.equal((await ahead.answers(REQUESTS_PER_SOCKET_MAX + 2)).at(-1), 200)
})

test('every refusal is counted as a request and as one that was turned away', async (t) => {
  const { openRefused, measures, parsed } = await startFull(t)
  const client = await openRefused()
  client.send(createText('ORD-2').replace('Host', 'TE: trailers\r\nHost'))
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
  // All but the first.
  assert.equal(parsed(), 34)
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
  assert.equal(parsed(), 3)
})

test('what comes behind a CONNECT is no request of another connection', async (t) => {
  const { open, openRefused, empty, commands } = await startFull(t)
  const client = await openRefused()
  client.socket.allowHalfOpen = true
  empty()
  client.send('CONNECT cart:80 HTTP/1.1\r\nHost: cart\r\n\r\n')
  assert.deepEqual(await client.answers(2), [503, 400])
  // It has the parser that the first one had.
  const other = await open()
  other.send(getText('/health/live'))
  await other.answers(1)
  client.send(createText('A'))
  client.socket.end()
  await client.ended()
  other.send(getText('/health/live'))
  assert.deepEqual(await other.answers(2), [200, 200])
  assert.equal(commands.created.length, 0)
})

test('a request for another host is refused as such, however full the service is', async (t) => {
  const { openRefused } = await startFull(t, {
    settings: { ownNames: { names: ['cart'], hasOthers: false } },
  })
  const client = await openRefused()
  client.send(createText('A').replace('Host: cart', 'Host: evil.example'))
  const [, status] = await client.answers(2)
  assert.notEqual(status, 503)
})

test('what is no change does not wait behind the changes that are refused', async (t) => {
  const { server, open, openRefused, looked } = await startFull(t)
  const clients: RawClient[] = []
  for (let count = 0; count < 3 * LOOKED_AT_MIN; count += 1) {
    clients.push(await openRefused())
  }
  const probe = await open()
  probe.send(getText('/health/live'))
  await probe.answers(1)
  const lookedBefore = looked()
  let lookedMeanwhile = 0
  server.server.once('request', () => (lookedMeanwhile = looked() - lookedBefore))
  for (const client of clients) client.send(createText('A'))
  probe.send(getText('/health/live'))
  assert.deepEqual(await probe.answers(2), [200, 200])
  for (const client of clients) assert.deepEqual(await client.answers(2), [503, 503])
  assert.ok(lookedMeanwhile < clients.length, `${lookedMeanwhile} refusals before the probe`)
})

test('a connection whose only request was refused is not taken for an unused one', async (t) => {
  const { openRefused, open, empty } = await startFull(t, { settings: { requestTimeoutMs: 500 } })
  const refused = await openRefused()
  const unused = await open()
  // Node looks at the older one first.
  assert.equal(await unused.ended(), '')
  empty()
  refused.send(createText('A'))
  assert.deepEqual(await refused.answers(2), [503, 201])
})

test('a refused connection is closed when nothing is asked on it, but not while it is served', async (t) => {
  const begun = Promise.withResolvers<undefined>()
  const served = Promise.withResolvers<undefined>()
  const commands = createFakeCommands()
  const { openRefused, empty, fill } = await startFull(t, {
    commands: {
      ...commands,
      async createOrder(command) {
        begun.resolve(undefined)
        await served.promise
        return commands.createOrder(command)
      },
    },
    settings: { keepAliveMs: 100 },
  })
  const atWork = await openRefused()
  empty()
  atWork.send(createText('A'))
  await begun.promise
  fill()
  const idle = await openRefused()
  assert.doesNotMatch(await idle.ended(), /408/)
  served.resolve(undefined)
  assert.deepEqual(await atWork.answers(2), [503, 201])
})

test('line breaks are no request: they keep no refused connection open', async (t) => {
  const settings = { requestTimeoutMs: 500, keepAliveMs: 2_500 }
  const { openRefused, open } = await startFull(t, { settings })
  const refused = await openRefused()
  // By then Node has looked at the older one.
  await (await open()).ended()
  refused.send('\r\n')
  assert.doesNotMatch(await refused.ended(), /408/)
})
