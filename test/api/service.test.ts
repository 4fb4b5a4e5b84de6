import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstanceState } from '../../src/business/publication/ownership.ts'
import { INSTANCE, SINCE, postOrder, startTestServer } from './harness.ts'

const DOWN = { status: 'down', since: SINCE, reason: 'connection refused' } as const
const UP_CHECK = { status: 'up', since: SINCE.toISOString() }
const DOWN_CHECK = { ...UP_CHECK, status: 'down', reason: 'connection refused' }
const DEGRADED = { ...DOWN, status: 'degraded', reason: 'partition 1 takes no events' } as const
const DEGRADED_CHECK = { ...DEGRADED, since: UP_CHECK.since }
const ALL_UP = { kafka: UP_CHECK, schemaRegistry: UP_CHECK, storage: UP_CHECK }

test('says at / what runs and what it is configured with', async (t) => {
  const { server } = await startTestServer(t)
  const response = await server.inject('/')
  assert.equal(response.statusCode, 200)
  assert.equal(
    response.body,
    '{"service":"CartService","version":"1.2.3","status":"running",' +
      '"kafka_broker":"localhost:9092","schema_registry":"http://localhost:8081"}',
  )
})

test('shows a browser at / a page, and every link of it leads somewhere', async (t) => {
  const schemaRegistryUrl = 'https://user:p%40ss@registry.example:8081'
  const { server } = await startTestServer(t, { settings: { schemaRegistryUrl } })
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const { headers, body } = await server.inject({ url: '/', headers: { accept } })
  assert.deepEqual(
    [headers['content-type'], headers['vary']],
    ['text/html; charset=utf-8', 'accept'],
  )
  assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|https?:|\*/u)
  assert.ok(body.includes('registry.example:8081') && !body.includes('p%40ss'))
  const targets = [...body.matchAll(/(?:href|src)="([^"#:]+)["#]/gu)].map(
    ([, target]) => target ?? '',
  )
  assert.ok(targets.length > 10)
  for (const target of targets) {
    assert.equal((await server.inject(`/${target}`)).statusCode, 200, target)
  }
  const other = await server.inject({ url: '/', headers: { accept: '*/*, text/html' } })
  assert.equal(other.json().service, 'CartService')
})

test('keeps the credentials of the registry to itself', async (t) => {
  const schemaRegistryUrl = 'https://user:p%40ss@registry.example:8081/apis/ccompat/v7'
  const { server } = await startTestServer(t, { settings: { schemaRegistryUrl } })
  const response = await server.inject('/')
  assert.equal(response.json().schema_registry, 'https://registry.example:8081/apis/ccompat/v7')
})

test('is healthy while everything is up', async (t) => {
  const { server } = await startTestServer(t)
  const response = await server.inject('/health')
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), {
    status: 'healthy',
    service: 'CartService',
    instance: { id: INSTANCE.instanceId, lease: 'held', pendingEvents: 3 },
    checks: ALL_UP,
  })
})

for (const dependency of ['kafka', 'schemaRegistry', 'storage'] as const) {
  test(`is degraded, with 200 and the reason, while ${dependency} is down`, async (t) => {
    const { server } = await startTestServer(t, { states: { [dependency]: DOWN } })
    const response = await server.inject('/health')
    assert.equal(response.statusCode, 200)
    assert.deepEqual(response.json(), {
      status: 'degraded',
      service: 'CartService',
      instance: { id: INSTANCE.instanceId, lease: 'held', pendingEvents: 3 },
      checks: { ...ALL_UP, [dependency]: DOWN_CHECK },
    })
  })
}

test('names the identity provider that is away, and is ready all the same', async (t) => {
  const { server } = await startTestServer(t, { states: { identityProvider: DOWN } })
  const { status, checks } = (await server.inject('/health')).json()
  assert.deepEqual([status, checks], ['degraded', { ...ALL_UP, identityProvider: DOWN_CHECK }])
  assert.equal((await server.inject('/health/ready')).statusCode, 200)
})

test('says when its lease has run out, and is not ready then', async (t) => {
  const state: InstanceState = { ...INSTANCE, isLeaseHeld: false }
  const { server } = await startTestServer(t, { instanceState: () => state })
  const response = await server.inject('/health')
  assert.equal(response.json().instance.lease, 'run-out')
  const ready = await server.inject('/health/ready')
  assert.equal(ready.statusCode, 503)
  assert.match(ready.json().reason, /may publish/)
})

test('is alive whatever is down', async (t) => {
  const { server } = await startTestServer(t, {
    states: { kafka: DOWN, storage: DOWN },
    isDraining: () => true,
  })
  const response = await server.inject('/health/live')
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), { status: 'alive', service: 'CartService' })
})

test('is ready while Kafka and the store are up, the registry being down', async (t) => {
  const { server } = await startTestServer(t, { states: { schemaRegistry: DOWN } })
  const response = await server.inject('/health/ready')
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), {
    status: 'ready',
    service: 'CartService',
    checks: { ...ALL_UP, schemaRegistry: DOWN_CHECK },
  })
})

test('is ready while Kafka or the store is degraded: some changes succeed', async (t) => {
  for (const dependency of ['kafka', 'storage'] as const) {
    const { server } = await startTestServer(t, { states: { [dependency]: DEGRADED } })
    const checks = { ...ALL_UP, [dependency]: DEGRADED_CHECK }
    const health = await server.inject('/health')
    assert.deepEqual([health.json().status, health.json().checks], ['degraded', checks])
    const ready = await server.inject('/health/ready')
    assert.equal(ready.statusCode, 200)
    assert.deepEqual(ready.json(), { status: 'ready', service: 'CartService', checks })
  }
})

test('is not ready while the registry is down and has never told the schema ids', async (t) => {
  const { server } = await startTestServer(t, {
    states: { schemaRegistry: DOWN },
    areSchemaIdsKnown: () => false,
  })
  const response = await server.inject('/health/ready')
  assert.equal(response.statusCode, 503)
  assert.equal(response.json().reason, 'schemaRegistry is down: connection refused')
})

test('is not ready, and says why, while Kafka and the store are down', async (t) => {
  const { server } = await startTestServer(t, { states: { kafka: DOWN, storage: DOWN } })
  const response = await server.inject('/health/ready')
  assert.equal(response.statusCode, 503)
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  assert.deepEqual(response.json(), {
    status: 'not-ready',
    service: 'CartService',
    reason: 'kafka is down: connection refused; storage is down: connection refused',
    checks: { ...ALL_UP, kafka: DOWN_CHECK, storage: DOWN_CHECK },
  })
})

test('is ready for answers while no change can succeed, but not once it stops', async (t) => {
  let isDraining = false
  const { server } = await startTestServer(t, {
    states: { kafka: DOWN, storage: DOWN },
    settings: { readiness: 'answers' },
    isDraining: () => isDraining,
    instanceState: () => ({ ...INSTANCE, isLeaseHeld: false }),
  })
  const ready = await server.inject('/health/ready')
  assert.equal(ready.statusCode, 200)
  assert.equal(ready.json().checks.kafka.status, 'down')
  isDraining = true
  assert.equal((await server.inject('/health/ready')).statusCode, 503)
})

test('is not ready and closes its connections while it drains', async (t) => {
  let isDraining = false
  const { server } = await startTestServer(t, { isDraining: () => isDraining })
  const before = await server.inject('/health/ready')
  isDraining = true
  const after = await server.inject('/health/ready')
  assert.equal(before.statusCode, 200)
  assert.equal(before.headers['connection'], 'keep-alive')
  assert.equal(after.statusCode, 503)
  assert.match(after.json().reason, /stopping/)
  assert.equal(after.headers['connection'], 'close')
})

test('gives each answer its own request id and the security headers', async (t) => {
  const { server } = await startTestServer(t)
  const answers = [
    await server.inject('/'),
    await postOrder(server, { orderId: 'ORD-1', numItems: 1 }),
    await postOrder(server, 'no json'),
    await server.inject('/nothing'),
    await server.inject('/%zz'),
    await server.inject({
      url: '/health',
      headers: { 'x-request-id': 'mine', 'request-id': 'my' },
    }),
  ]
  for (const { headers } of answers) {
    assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
  }
  assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, answers.length)
})

test('logs one line a request at debug, without the order id or the URL', async (t) => {
  const { server, logged } = await startTestServer(t)
  const response = await postOrder(server, { orderId: 'ORD-secret', numItems: 1 })
  await server.inject('/orders/ORD-secret')
  const [created, unknown, ...others] = logged
  assert.deepEqual(others, [])
  assert.equal(created?.['level'], 20)
  assert.equal(created['method'], 'POST')
  assert.equal(created['route'], '/api/create-order')
  assert.equal(created['status'], 201)
  assert.equal(typeof created['durationMs'], 'number')
  assert.equal(created['requestId'], response.headers['x-request-id'])
  assert.equal(unknown?.['status'], 404)
  assert.doesNotMatch(JSON.stringify(logged), /ORD-secret/)
})

test('logs no request at info', async (t) => {
  const { server, logged } = await startTestServer(t, { logLevel: 'info' })
  await server.inject('/')
  assert.deepEqual(logged, [])
})
