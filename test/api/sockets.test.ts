import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { unavailable } from '../../src/business/errors.ts'
import type { OrderCommands } from '../../src/business/order/commands.ts'
import {
  changedOrder,
  createFakeCommands,
  orderOf,
  startTestServer,
  type TestServer,
} from './harness.ts'

/** How long an answer may take to come; far above what any of these tests needs. */
const ANSWER_TIMEOUT_MS = 20_000

interface ListeningServer extends TestServer {
  readonly openSocket: () => Promise<Socket>
}

async function listen(t: TestContext, testServer: TestServer): Promise<ListeningServer> {
  await testServer.server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = testServer.server.server.address() as AddressInfo
  return {
    ...testServer,
    openSocket: async () => {
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      t.after(() => socket.destroy())
      socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer came')))
      await once(socket, 'connect')
      return socket
    },
  }
}

async function startListening(
  t: TestContext,
  deps: Parameters<typeof startTestServer>[1],
): Promise<ListeningServer> {
  return listen(t, await startTestServer(t, deps))
}

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Everything until the server ends the connection, as one answer. */
async function readAnswer(socket: Socket): Promise<Answer> {
  const all = await text(socket)
  const [head = '', body = ''] = all.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body }
}

function postText(body: string, headers: readonly string[] = []): string {
  const lines = [
    'POST /api/create-order HTTP/1.1',
    'Host: cart',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

const VALID = '{"orderId":"ORD-1","numItems":1}'

interface HeldCommands extends OrderCommands {
  readonly called: Promise<void>
  readonly release: () => void
}

/** A command that holds each call until it is released, and says when one has come. */
function createHeldCommands(): HeldCommands {
  const called = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  return {
    ...createFakeCommands(),
    called: called.promise,
    release: released.resolve,
    async createOrder({ orderId }) {
      called.resolve()
      await released.promise
      return changedOrder(orderOf(orderId, 1))
    },
  }
}

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status)
  assert.match(answer.head, /\r\ncontent-type: application\/problem\+json(\r\n|$)/)
  assert.match(answer.head, /\r\nconnection: close/)
  const problem = JSON.parse(answer.body) as Record<string, unknown>
  assert.equal(problem['status'], status)
  assert.equal(problem['code'], code)
  assert.equal(problem['success'], false)
  assert.match(answer.head, new RegExp(`\r\nx-request-id: ${String(problem['requestId'])}`))
}

const UNREADABLE: readonly (readonly [what: string, sent: string])[] = [
  ['what is not HTTP', 'hello there\r\n\r\n'],
  ['two lengths', postText(VALID, ['Content-Length: 5'])],
  ['a length and chunks', postText(VALID, ['Transfer-Encoding: chunked'])],
  ['a header without a name', 'GET / HTTP/1.1\r\nHost: cart\r\n: x\r\n\r\n'],
]

for (const [what, sent] of UNREADABLE) {
  test(`answers ${what} with a 400 problem and ends the connection`, async (t) => {
    const { openSocket } = await startListening(t, {})
    const socket = await openSocket()
    socket.write(sent)
    assertProblem(await readAnswer(socket), 400, 'REQUEST_INVALID')
  })
}

test('answers headers, or a URL, that are too large with a 431 problem', async (t) => {
  const { openSocket } = await startListening(t, {})
  const filler = 'x'.repeat(20_000)
  for (const sent of [
    `GET / HTTP/1.1\r\nHost: cart\r\nX-Filler: ${filler}\r\n\r\n`,
    `GET /${filler} HTTP/1.1\r\nHost: cart\r\n\r\n`,
  ]) {
    const socket = await openSocket()
    socket.write(sent)
    assertProblem(await readAnswer(socket), 431, 'HEADERS_TOO_LARGE')
  }
})

test('answers a body that does not come in time with a 408 problem', async (t) => {
  const { openSocket, logged } = await startListening(t, { settings: { requestTimeoutMs: 100 } })
  const socket = await openSocket()
  socket.write(postText(VALID).slice(0, -5))
  assertProblem(await readAnswer(socket), 408, 'REQUEST_TIMED_OUT')
  assert.deepEqual(
    logged.filter(({ level }) => Number(level) > 30),
    [],
  )
})

test('answers headers that do not come in time with a 408 problem', async (t) => {
  const { openSocket } = await startListening(t, { settings: { requestTimeoutMs: 100 } })
  const socket = await openSocket()
  socket.write('GET / HTTP/1.1\r\nHost: cart\r\n')
  assertProblem(await readAnswer(socket), 408, 'REQUEST_TIMED_OUT')
})

test('bounds how long a request may take to arrive, and a connection may be idle', async (t) => {
  const settings = { requestTimeoutMs: 12_345, keepAliveMs: 67_890 }
  const { server } = await startTestServer(t, { settings })
  const { requestTimeout, headersTimeout, keepAliveTimeout } = server.server
  assert.equal(requestTimeout, 12_345)
  assert.equal(headersTimeout, 5_000)
  assert.equal(keepAliveTimeout, 67_890)
})

test('refuses a body that is too large without waiting for it', async (t) => {
  const { openSocket } = await startListening(t, {})
  const socket = await openSocket()
  socket.write(postText('x'.repeat(500_000)).slice(0, -16_000))
  assertProblem(await readAnswer(socket), 413, 'BODY_TOO_LARGE')
})

test('refuses a chunked body as soon as it is too large', async (t) => {
  const { openSocket } = await startListening(t, {})
  const socket = await openSocket()
  const head = 'POST /api/create-order HTTP/1.1\r\nHost: cart\r\nContent-Type: application/json\r\n'
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n60001\r\n${' '.repeat(0x60001)}\r\n`)
  assertProblem(await readAnswer(socket), 413, 'BODY_TOO_LARGE')
})

test('never answers garbage in the place of an order that is being created', async (t) => {
  const commands = createHeldCommands()
  const { server, openSocket } = await startListening(t, { commands })
  const socket = await openSocket()
  socket.write(postText(VALID))
  await commands.called
  const failed = once(server.server, 'clientError')
  socket.write('garbage\r\n\r\n')
  await failed
  commands.release()
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1.1 201 /)
  assert.doesNotMatch(answer, /REQUEST_INVALID/)
})

test('ends a stream at once when garbage comes behind its request', async (t) => {
  const { openSocket } = await startListening(t, {})
  const socket = await openSocket()
  socket.write('GET /api/events/stream HTTP/1.1\r\nHost: cart\r\n\r\n')
  await once(socket, 'readable')
  socket.write('garbage\r\n\r\n')
  assert.match(await text(socket), /^HTTP\/1.1 200 /)
})

test('logs no error when the caller goes away in the middle of a body', async (t) => {
  const { server, openSocket, logged } = await startListening(t, {})
  const socket = await openSocket()
  const requested = once(server.server, 'request')
  socket.write(postText(VALID).slice(0, -5))
  const [request] = (await requested) as [IncomingMessage]
  // Not events.once, which rejects by the error that comes first.
  const closed = Promise.withResolvers<void>()
  request.once('close', () => closed.resolve())
  socket.resetAndDestroy()
  await closed.promise
  assert.deepEqual(
    logged.filter(({ level }) => Number(level) > 30),
    [],
  )
})

test('answers what came before it closed, and ends the connection', async (t) => {
  const commands = createHeldCommands()
  const { server, openSocket } = await startListening(t, { commands })
  const socket = await openSocket()
  socket.write(postText(VALID))
  await commands.called
  const closed = server.close()
  commands.release()
  const answer = await readAnswer(socket)
  assert.equal(answer.status, 201)
  socket.destroy()
  await closed
})

test('lets the commands answer what comes while it closes', async (t) => {
  const error = unavailable('SERVICE_DRAINING', 'The service is stopping', 'not-applied')
  const closing = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const testServer = await startTestServer(t, { commands: createFakeCommands(error) })
  testServer.server.addHook('preClose', async () => {
    closing.resolve()
    await answered.promise
  })
  const { server, openSocket } = await listen(t, testServer)
  const closed = server.close()
  await closing.promise
  const socket = await openSocket()
  socket.write(postText(VALID))
  const answer = await readAnswer(socket)
  answered.resolve()
  socket.destroy()
  await closed
  assertProblem(answer, 503, 'SERVICE_DRAINING')
})
