import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import type { OrderCommands } from '../../src/business/order/commands.ts'
import { until } from '../support/until.ts'
import { countedPlaces } from './counted-places.ts'
import { changedOrder, createFakeCommands, orderOf } from './harness.ts'
import { createText, getText, startRawServer } from './raw-client.ts'

const FULL = {
  enter: () => false,
  leave: () => undefined,
  isFull: () => true,
  outcomeOfRefusal: () => 'not-applied' as const,
}

const CONNECT = 'CONNECT cart:1 HTTP/1.1\r\nHost: cart\r\n\r\n'

function withHeaders(request: string, ...headers: readonly string[]): string {
  return request.replace('Host: cart', ['Host: cart', ...headers].join('\r\n'))
}

/** Of a request with a body, without the body. */
function headOf(request: string): string {
  return request.slice(0, request.indexOf('{'))
}

interface HeldCommands extends OrderCommands {
  readonly begun: string[]
  release(): void
}

function createHeldCommands(): HeldCommands {
  const released = Promise.withResolvers<void>()
  const begun: string[] = []
  return {
    ...createFakeCommands(),
    begun,
    release: released.resolve,
    async createOrder({ orderId }) {
      begun.push(orderId)
      await released.promise
      return changedOrder(orderOf(orderId, 1))
    },
  }
}

test('a client that resets its connection after CONNECT does no harm', async (t) => {
  const { server, open, connectionCount } = await startRawServer(t)
  const client = await open()
  const connected = once(server.server, 'connect')
  client.send(CONNECT)
  await connected
  client.socket.resetAndDestroy()
  await until(async () => (await connectionCount()) === 0, 'the server has noticed')
})

test('what is before a CONNECT is answered, and gives its place back', async (t) => {
  const commands = createHeldCommands()
  const changes = countedPlaces()
  const { server, open } = await startRawServer(t, { commands, changes })
  const client = await open()
  const connected = once(server.server, 'connect')
  client.send(createText('A') + createText('B') + CONNECT)
  await connected
  commands.release()
  await client.ended()
  assert.deepEqual(client.statuses(), [201, 201])
  await until(() => changes.left() === 2, 'both are left')
})

test('what is before a CONNECT gives its place back when the client resets its connection', async (t) => {
  const commands = createHeldCommands()
  const changes = countedPlaces()
  const { server, open, connectionCount } = await startRawServer(t, { commands, changes })
  const client = await open()
  const connected = once(server.server, 'connect')
  client.send(createText('A') + createText('B') + createText('C') + CONNECT)
  await connected
  client.socket.resetAndDestroy()
  await until(async () => (await connectionCount()) === 0, 'the server has noticed')
  commands.release()
  await until(() => changes.left() === 3, 'all are left')
})

const EMPTY_CHUNKS = '0\r\n\r\n'

for (const [what, bytes] of [
  ['two hosts', withHeaders(getText('/'), 'Host: other')],
  [
    'a coding beside chunks',
    withHeaders(getText('/').replace('GET', 'POST'), 'Transfer-Encoding: gzip, chunked') +
      EMPTY_CHUNKS,
  ],
  ['two hosts and an expectation', withHeaders(getText('/'), 'Host: other', 'Expect: 200-ok')],
] as const) {
  test(`what is behind a request with ${what} is not carried out`, async (t) => {
    const commands = createFakeCommands()
    const { open } = await startRawServer(t, { commands })
    const client = await open()
    client.send(bytes + createText('BEHIND'))
    await client.ended()
    assert.deepEqual(client.statuses(), [400])
    assert.deepEqual(commands.created, [])
  })
}

test('while it drains, a request is the last of its connection, and its body is read', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands, isDraining: () => true })
  const client = await open()
  const first = createText('FIRST')
  client.send(first.slice(0, -5))
  await setImmediate()
  client.send(first.slice(-5) + createText('BEHIND').repeat(20))
  await until(() => commands.begun.length > 0, 'the first one is begun')
  commands.release()
  await client.ended()
  assert.deepEqual(client.statuses(), [201])
  assert.deepEqual(commands.begun, ['FIRST'])
})

test('what is behind a body that is too large is not carried out', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  const large = ' '.repeat(400_000)
  const tooLarge = headOf(createText('LARGE')).replace(/Length: \d+/, `Length: ${large.length}`)
  client.send(createText('FIRST') + tooLarge + large + createText('BEHIND'))
  await until(() => client.socket.bytesWritten > large.length, 'all is sent')
  await until(() => commands.begun.length > 0, 'the first one is begun')
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  commands.release()
  await client.ended()
  assert.deepEqual(client.statuses(), [201, 413])
  assert.deepEqual(commands.begun, ['FIRST'])
})

test('a change that is turned away and asks for another protocol is the last one', async (t) => {
  const { open } = await startRawServer(t, { changes: FULL })
  const client = await open()
  const upgrade = withHeaders(createText('A'), 'Connection: upgrade', 'Upgrade: h2c')
  client.send(upgrade + getText('/health/live'))
  assert.match(await client.ended(), /connection: close/)
  assert.deepEqual(client.statuses(), [503])
})

for (const [what, rest] of [
  ['does not come', ''],
  ['is broken', 'no length of a chunk\r\n'],
] as const) {
  test(`a request that is turned away and whose body ${what} has one answer`, async (t) => {
    const settings = { requestTimeoutMs: 150 }
    const { open } = await startRawServer(t, { changes: FULL, settings })
    const client = await open()
    client.send(
      headOf(createText('A')).replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked'),
    )
    await client.answers(1)
    client.send(rest)
    await client.ended()
    assert.deepEqual(client.statuses(), [503])
  })
}

test('what is before a request that is refused before its body breaks is answered', async (t) => {
  const commands = createHeldCommands()
  const { open } = await startRawServer(t, { commands })
  const client = await open()
  const refused = 'POST /api/create-order\r\nHost: cart\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}'
  client.send(createText('FIRST') + refused)
  await until(() => commands.begun.length > 0, 'the first one is begun')
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  commands.release()
  await client.ended()
  assert.equal(client.statuses()[0], 201)
})

test('asks for the body of a change that is let in, and of no other', async (t) => {
  const expecting = withHeaders(createText('A'), 'Expect: 100-continue')
  const { open } = await startRawServer(t)
  const client = await open()
  client.send(headOf(expecting))
  assert.deepEqual(await client.answers(1), [100])
  client.send(expecting.slice(headOf(expecting).length) + getText('/health/live'))
  assert.deepEqual(await client.answers(3), [100, 201, 200])
  for (const [changes, head, status] of [
    [FULL, headOf(expecting), 503],
    [countedPlaces(), headOf(expecting).replace('create-order', 'nothing'), 404],
    [countedPlaces(), withHeaders(headOf(expecting), 'Host: other'), 400],
  ] as const) {
    const other = await startRawServer(t, { changes })
    const refused = await other.open()
    refused.send(head)
    await refused.ended()
    assert.deepEqual(refused.statuses(), [status])
  }
})
