import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { until } from '../support/until.ts'
import { startTestServer } from './harness.ts'

/** What is answered before there is a request to answer, or while one is still coming in. */

const VALID = '{"orderId":"ORD-1","numItems":1}'

const ANSWER_TIMEOUT_MS = 20_000

async function listen(t: TestContext) {
  const { server, logged } = await startTestServer(t)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const open = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    t.after(() => socket.destroy())
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer came')))
    await once(socket, 'connect')
    return socket
  }
  const connectionCount = promisify(server.server.getConnections.bind(server.server))
  return { url: `http://127.0.0.1:${port}`, open, logged, connectionCount }
}

function assertProblem(answer: string, status: number, code: string): string {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
  assert.match(head, /\r\ncontent-type: application\/problem\+json/i)
  const problem = JSON.parse(body) as Record<string, unknown>
  assert.deepEqual([problem['status'], problem['code']], [status, code])
  assert.match(head, new RegExp(`\r\nx-request-id: ${String(problem['requestId'])}`, 'i'))
  return String(problem['detail'])
}

for (const [what, request, status, code, detail] of [
  [
    'an expectation that it does not know',
    `POST /api/create-order HTTP/1.1\r\nHost: cart\r\nConnection: close\r\nExpect: 200-ok\r\nContent-Length: 0\r\n\r\n`,
    417,
    'EXPECTATION_FAILED',
    'Expect may be 100-continue and nothing else, got "200-ok"',
  ],
  [
    'CONNECT',
    'CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n',
    400,
    'REQUEST_INVALID',
    'CONNECT is for proxies: this is none',
  ],
  [
    'a request without Host',
    'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n',
    400,
    'REQUEST_INVALID',
    'The header Host is missing: HTTP/1.1 needs it',
  ],
] as const) {
  test(`answers ${what} by a problem with a request id`, async (t) => {
    const { open } = await listen(t)
    const socket = await open()
    socket.write(request)
    assert.equal(assertProblem(await text(socket), status, code), detail)
  })
}

test('takes HTTP/1.0 without Host', async (t) => {
  const { open } = await listen(t)
  const socket = await open()
  socket.write('GET /health/live HTTP/1.0\r\n\r\n')
  assert.match(await text(socket), /^HTTP\/1.1 200 /)
})

test('goes on with the connection after an expectation that it does not know', async (t) => {
  const { open } = await listen(t)
  const socket = await open()
  const head = 'POST /api/create-order HTTP/1.1\r\nHost: cart\r\nContent-Type: application/json\r\n'
  const request = `${head}Content-Length: ${VALID.length}\r\n`
  socket.write(
    `${request}Expect: 200-ok\r\n\r\n${VALID}${request}Connection: close\r\n\r\n${VALID}`,
  )
  assert.match(await text(socket), /^HTTP\/1.1 417 [^]*HTTP\/1.1 201 /)
})

for (const [what, body] of [
  ['5 MB', 'x'.repeat(5_000_000)],
  ['400 kB in chunks', new Blob(['x'.repeat(400_000)]).stream()],
] as const) {
  test(`tells a caller that sends ${what} without looking up that it is too much`, async (t) => {
    const { url } = await listen(t)
    const response = await fetch(`${url}/api/create-order`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    })
    assert.equal(response.status, 413)
    assert.equal(((await response.json()) as { code: string }).code, 'BODY_TOO_LARGE')
  })
}

/** Sends everything before it reads anything, as many clients do, and is never in a hurry. */
async function sendAll(
  socket: Socket,
  head: string,
  chunk: Buffer,
  count: number,
): Promise<string> {
  socket.pause()
  socket.write(head)
  for (let sent = 0; sent < count; sent += 1) {
    if (!socket.write(chunk)) await once(socket, 'drain')
    if (sent % 8 === 0) await delay(5)
  }
  return text(socket)
}

for (const [what, head] of [
  ['too large by its length', 'Content-Type: application/json\r\nContent-Length: 5242880\r\n'],
  ['not JSON', 'Content-Type: text/plain\r\nContent-Length: 5242880\r\nConnection: close\r\n'],
] as const) {
  test(`answers a body that is ${what} also to a caller that reads after it has sent all`, async (t) => {
    const { open } = await listen(t)
    const socket = await open()
    const request = `POST /api/create-order HTTP/1.1\r\nHost: cart\r\n${head}\r\n`
    const answer = await sendAll(socket, request, Buffer.alloc(65_536, 'x'), 80)
    assert.match(answer, /^HTTP\/1.1 41[35] /)
  })
}

test('answers too large a head also to a caller that reads after it has sent all', async (t) => {
  const { open } = await listen(t)
  const socket = await open()
  const answer = await sendAll(
    socket,
    'GET / HTTP/1.1\r\nHost: cart\r\nX-Large: ',
    Buffer.alloc(65_536, 'x'),
    40,
  )
  assertProblem(answer, 431, 'HEADERS_TOO_LARGE')
})

test('does not wait long for a caller that stays silent in the middle of a body', async (t) => {
  const { open, connectionCount } = await listen(t)
  const socket = await open()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(
    'POST /api/create-order HTTP/1.1\r\nHost: cart\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n',
  )
  await once(socket, 'end')
  assertProblem(Buffer.concat(chunks).toString(), 413, 'BODY_TOO_LARGE')
  // The caller keeps its half open; the server closes the connection all the same.
  const endedAt = performance.now()
  await until(async () => (await connectionCount()) === 0, 'the connection is closed')
  assert.ok(performance.now() - endedAt < 5_000)
})

test('answers a segment of a path that is too long as it answers every id that is', async (t) => {
  const { url, logged } = await listen(t)
  for (const path of ['/api/orders/', '/api/orders/x/events/', '/api/orders/%F0%9F%98%80']) {
    for (const length of [256, 3_060, 3_061, 12_000]) {
      const response = await fetch(`${url}${path}${'1'.repeat(length)}`)
      assert.equal(response.status, 400, `${path} ${length}`)
      const { errors } = (await response.json()) as { errors: { field: string }[] }
      assert.equal(errors[0]?.field, path.includes('events') ? 'version' : 'orderId')
    }
  }
  assert.deepEqual(
    logged.filter(({ level }) => Number(level) > 40),
    [],
  )
})

test('refuses a query that is not percent-encoded UTF-8, wherever it is', async (t) => {
  const { url } = await listen(t)
  for (const query of ['orderId=%ff', 'status=%', 'customerId=%E2%82', '%zz=1']) {
    for (const path of ['/api/orders', '/api/orders/A/events', '/api/events/stream']) {
      const response = await fetch(`${url}${path}?${query}`)
      assert.equal(response.status, 400, `${path}?${query}`)
      const { detail } = (await response.json()) as { detail: string }
      assert.equal(detail, 'The URL is not percent-encoded UTF-8')
    }
  }
})
