import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/service/system.ts'
import { createFakeCommands, postOrder, startTestServer } from '../harness.ts'
import { bearer, knownCallers } from './known-callers.ts'

const CREATE = { orderId: 'ORD-1', numItems: 1 }

const JSON_TYPE = { 'content-type': 'application/json' }

test('a caller over its rate gets 429, whoever else is let in, and nothing of it is done', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, {
    commands,
    callers: knownCallers,
    settings: { requestsPerSecond: 1 },
    clock: { ...systemClock, monotonicMs: () => 5 },
  })
  const create = (caller: string, headers = {}) =>
    postOrder(server, CREATE, { ...JSON_TYPE, ...bearer(caller), ...headers })
  assert.equal((await create('writer')).statusCode, 201)
  const over = await create('writer')
  assert.equal(over.statusCode, 429)
  assert.equal(over.headers['retry-after'], '1')
  assert.deepEqual([over.json().code, over.json().outcome], ['RATE_LIMITED', 'not-applied'])
  assert.equal((await create('backoffice')).statusCode, 201)
  assert.equal(commands.created.length, 2)
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await server.inject('/health/live')).statusCode, 200)
  }
})

test('without API_AUTH a caller is an address: that of its connection, or what a trusted proxy says', async (t) => {
  const settings = { requestsPerSecond: 1, trustedProxies: ['10.0.0.0/8'] }
  const clock = { ...systemClock, monotonicMs: () => 5 }
  const { server } = await startTestServer(t, { settings, clock })
  const statusOf = async (remoteAddress: string, forwarded: string): Promise<number> => {
    const headers = { 'x-forwarded-for': forwarded }
    return (await server.inject({ url: '/api/orders', remoteAddress, headers })).statusCode
  }
  assert.equal(await statusOf('10.1.2.3', '203.0.113.1'), 200)
  assert.equal(await statusOf('10.9.9.9', '203.0.113.1'), 429, 'the same client by another proxy')
  // The left part is what the client itself has sent.
  assert.equal(await statusOf('10.1.2.3', '198.51.100.7, 203.0.113.1'), 429)
  assert.equal(await statusOf('10.1.2.3', '203.0.113.2'), 200)
  assert.equal(await statusOf('192.0.2.1', '203.0.113.3'), 200)
  assert.equal(await statusOf('192.0.2.1', '203.0.113.4'), 429, 'nobody believes that one')
})

const SHOP = 'https://shop.example'

test('pages of the named origins may call the API, and no others', async (t) => {
  const { server } = await startTestServer(t, {
    callers: knownCallers,
    settings: { corsOrigins: [SHOP] },
  })
  const ask = (origin: string) =>
    server.inject({
      method: 'OPTIONS',
      url: '/api/create-order',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
  const allowed = await ask(SHOP)
  assert.equal(allowed.statusCode, 204)
  assert.equal(allowed.headers['access-control-allow-origin'], SHOP)
  assert.match(
    String(allowed.headers['access-control-allow-headers']),
    /authorization.*idempotency-key/,
  )
  assert.equal(allowed.headers['access-control-allow-credentials'], undefined)
  const other = await ask('https://evil.example')
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  assert.equal(other.headers.vary, 'origin')
  const list = await server.inject({
    url: '/api/orders',
    headers: { origin: SHOP, ...bearer('reader') },
  })
  assert.equal(list.headers['access-control-allow-origin'], SHOP)
  assert.equal(list.headers.vary, 'origin, Accept')
  // A page has to be able to read why it was refused.
  const refused = await server.inject({ url: '/api/orders', headers: { origin: SHOP } })
  assert.deepEqual(
    [refused.statusCode, refused.headers['access-control-allow-origin']],
    [401, SHOP],
  )
})

test('a page of a named origin reads a refusal of a full service, too', async (t) => {
  const { server } = await startTestServer(t, {
    changes: {
      enter: () => false,
      leave: () => undefined,
      isFull: () => true,
      outcomeOfRefusal: () => 'not-applied',
    },
    settings: { corsOrigins: [SHOP] },
  })
  const create = async (origin: string) => {
    const headers = { origin, 'content-type': 'application/json' }
    const answer = await postOrder(server, {}, headers)
    assert.equal(answer.statusCode, 503)
    assert.equal(answer.headers.vary, 'origin')
    return answer.headers
  }
  const { 'access-control-allow-origin': allowed, 'access-control-expose-headers': exposed } =
    await create(SHOP)
  assert.equal(allowed, SHOP)
  assert.match(String(exposed), /retry-after/)
  assert.equal((await create('https://evil.example'))['access-control-allow-origin'], undefined)
})

test('without API_CORS_ORIGINS no answer says anything of origins', async (t) => {
  const { server } = await startTestServer(t)
  const { headers } = await server.inject({ url: '/api/orders', headers: { origin: SHOP } })
  assert.ok(!Object.keys(headers).some((name) => name.startsWith('access-control-')))
})
