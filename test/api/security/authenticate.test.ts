import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import {
  createFakeCommands,
  createHangingCommands,
  postOrder,
  putOrder,
  startTestServer,
} from '../harness.ts'
import { until } from '../../support/until.ts'
import { bearer, knownCallers } from './known-callers.ts'

const CREATE = { orderId: 'ORD-1', numItems: 2 }

const JSON_TYPE = { 'content-type': 'application/json' }

async function setUp(t: Parameters<typeof startTestServer>[0]) {
  const commands = createFakeCommands()
  const { server, logged } = await startTestServer(t, { commands, callers: knownCallers })
  return { server, logged, commands }
}

test('a caller that says nothing is told how, and nothing is done', async (t) => {
  const { server, commands } = await setUp(t)
  const answer = await postOrder(server, CREATE)
  assert.equal(answer.statusCode, 401)
  assert.equal(answer.headers['www-authenticate'], 'Bearer realm="cart-service"')
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.json().code, 'CREDENTIAL_MISSING')
  assert.deepEqual(commands.created, [])
})

test('another scheme, and half a header, say nothing of the caller', async (t) => {
  const { server } = await setUp(t)
  for (const authorization of [
    'Basic cmVhZGVyOng=',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'backoffice',
  ]) {
    const answer = await postOrder(server, CREATE, { ...JSON_TYPE, authorization })
    assert.equal(answer.json().code, 'CREDENTIAL_MISSING', authorization)
  }
})

test('the scheme may be in any case, as HTTP has it', async (t) => {
  const { server } = await setUp(t)
  const headers = { ...JSON_TYPE, authorization: 'bEARER backoffice' }
  assert.equal((await postOrder(server, CREATE, headers)).statusCode, 201)
})

test('a wrong credential is refused by one sentence, and is not in the log', async (t) => {
  const { server, logged, commands } = await setUp(t)
  const answer = await postOrder(server, CREATE, { ...JSON_TYPE, ...bearer('hush-hush') })
  assert.equal(answer.statusCode, 401)
  assert.match(String(answer.headers['www-authenticate']), /, error="invalid_token"$/)
  assert.equal(answer.json().code, 'CREDENTIAL_REFUSED')
  assert.deepEqual(commands.created, [])
  assert.doesNotMatch(JSON.stringify([logged, answer.body]), /hush/)
})

test('a caller without the scope is told which one it needs', async (t) => {
  const { server, commands } = await setUp(t)
  const answer = await putOrder(
    server,
    { orderId: 'ORD-1', status: 'shipped' },
    { ...JSON_TYPE, ...bearer('reader') },
  )
  assert.equal(answer.statusCode, 403)
  const challenge = String(answer.headers['www-authenticate'])
  assert.match(challenge, /, error="insufficient_scope", scope="orders:write"$/)
  assert.equal(answer.json().code, 'SCOPE_MISSING')
  assert.deepEqual(commands.changed, [])
})

test('a change carries the principal of its caller', async (t) => {
  const { server, commands, logged } = await setUp(t)
  const headers = { ...JSON_TYPE, ...bearer('backoffice') }
  await postOrder(server, CREATE, headers)
  await putOrder(server, { orderId: 'ORD-1', status: 'shipped' }, headers)
  const [created] = commands.created
  const [changed] = commands.changed
  assert.equal(created?.principal, 'api_key:backoffice')
  assert.equal(changed?.principal, 'api_key:backoffice')
  const lines = logged.filter(({ msg }) => msg === 'change answered')
  assert.deepEqual(
    lines.map(({ level, principal, route, status }) => [level, principal, route, status]),
    [
      [30, 'api_key:backoffice', '/api/create-order', 201],
      [30, 'api_key:backoffice', '/api/update-order', 200],
    ],
  )
})

test('a caller who hangs up is in the log, too', async (t) => {
  const { commands, begun, fail } = createHangingCommands()
  const { server, logged } = await startTestServer(t, { commands, callers: knownCallers })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const answer = fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...bearer('backoffice') },
    body: JSON.stringify(CREATE),
    signal: leaving.signal,
  })
  await begun
  leaving.abort()
  await assert.rejects(answer)
  const unheard = () => logged.find(({ msg }) => msg === 'change not answered: its client has left')
  await until(() => unheard() !== undefined, 'the change is logged')
  fail()
  await server.close()
  const { level, principal, route } = unheard() ?? {}
  assert.deepEqual([level, principal, route], [30, 'api_key:backoffice', '/api/create-order'])
  assert.equal(logged.filter(({ msg }) => msg === 'change answered').length, 0)
})

test('an Idempotency-Key is its caller’s own', async (t) => {
  const { server, commands } = await setUp(t)
  for (const caller of ['backoffice', 'writer', 'backoffice']) {
    await postOrder(server, CREATE, { ...JSON_TYPE, ...bearer(caller), 'idempotency-key': 'K' })
  }
  const [one, other, again] = commands.created.map(({ retryKey }) => retryKey)
  assert.notEqual(one?.idempotencyKey, other?.idempotencyKey)
  assert.equal(one?.fingerprint, other?.fingerprint)
  assert.deepEqual(again, one)
})

test('without API_AUTH a change has no principal, and a key is as it was sent', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  await postOrder(server, CREATE, { ...JSON_TYPE, ...bearer('x'), 'idempotency-key': 'K' })
  const [created] = commands.created
  assert.ok(created !== undefined && !('principal' in created))
  assert.equal(created.retryKey?.idempotencyKey, 'K')
})

test('while nobody can check tokens the answer is 503, and says what it knows', async (t) => {
  const commands = createFakeCommands()
  const callers = { check: () => Promise.resolve({ kind: 'unavailable' } as const) }
  const changes = {
    isFull: () => false,
    enter: () => true,
    leave: () => undefined,
    outcomeOfRefusal: (hasRetryKey: boolean) =>
      hasRetryKey ? ('unknown' as const) : ('not-applied' as const),
  }
  const { server } = await startTestServer(t, { commands, callers, changes })
  const headers = { ...JSON_TYPE, ...bearer('a.b.c') }
  const first = await postOrder(server, CREATE, headers)
  assert.equal(first.statusCode, 503)
  assert.equal(first.json().code, 'IDENTITY_PROVIDER_UNAVAILABLE')
  assert.equal(first.json().outcome, 'not-applied')
  assert.match(String(first.headers['retry-after']), /^\d+$/)
  const again = await postOrder(server, CREATE, { ...headers, 'idempotency-key': 'K' })
  assert.equal(again.json().outcome, 'unknown')
  assert.deepEqual(commands.created, [])
})

test('a refused caller is not asked for its body', async (t) => {
  const { server } = await setUp(t)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    'POST /api/create-order HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' +
      'Content-Type: application/json\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n',
  )
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1\.1 401 /)
  assert.doesNotMatch(answer, /100 Continue/)
})
