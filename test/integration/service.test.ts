import assert from 'node:assert/strict'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { decodeOrder } from '../../src/service/schema-registry/order-codec.ts'
import { partitionOf } from '../../src/service/kafka/partitioner.ts'
import { FakeRegistry } from '../support/fake-registry.ts'
import { startTestBroker } from '../support/kafka-broker.ts'
import { freshSettings, startOwnService, type Settings } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'
import { spawnService, untilAllReady, type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** The whole service as a process, against a real Kafka and, where not said otherwise, a real registry. */

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly code?: string
    readonly outcome?: string
    readonly detail?: string
    readonly data?: {
      orderId: string
      status: string
      totalAmount: number
      currency: string
      items: object[]
    }
  }
}

async function send(
  service: ServiceProcess,
  method: string,
  path: string,
  body: object,
): Promise<Answer> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  }
}

function create(service: ServiceProcess, orderId: string, numItems = 2): Promise<Answer> {
  return send(service, 'POST', '/api/create-order', { orderId, numItems })
}

function update(service: ServiceProcess, orderId: string, status: string): Promise<Answer> {
  return send(service, 'PUT', '/api/update-order', { orderId, status })
}

/** A topic of its own; an SQLite file of its own, so that a second process finds what the first left. */
async function settingsWithFile(t: TestContext, more: Settings = {}) {
  return { ...freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`), ...more }
}

async function spawn(t: TestContext, settings: Settings): Promise<ServiceProcess> {
  const service = await spawnService(settings)
  t.after(() => service.end('SIGKILL'))
  return service
}

function records(settings: { KAFKA_BOOTSTRAP_SERVERS: string; KAFKA_TOPIC: string }) {
  return readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC)
}

test('a created and updated order stands on the topic as it was answered', async (t) => {
  const settings = await settingsWithFile(t)
  const service = await startOwnService(t, settings)
  const orderId = 'Bestellung Ä/1'
  const created = await create(service, `  ${orderId} `, 3)
  const updated = await update(service, orderId, 'shipped')

  assert.equal(created.status, 201)
  assert.equal(created.headers.get('location'), `/api/orders/${encodeURIComponent(orderId)}`)
  assert.equal(created.body.data?.items.length, 3)
  assert.equal(updated.status, 200)
  assert.deepEqual(updated.body.data, { ...created.body.data, status: 'shipped' })

  const onTopic = await records(settings)
  assert.deepEqual(
    onTopic.map(({ key, headers }) => [key, headers['ce_type'], headers['ce_sequence']]),
    [
      [orderId, 'com.ecommerce.order.created', '0000000001'],
      [orderId, 'com.ecommerce.order.status-changed', '0000000002'],
    ],
  )
  for (const [index, { value, partition }] of onTopic.entries()) {
    const { order } = decodeOrder(value)
    const answered = [created, updated][index]?.body.data
    assert.equal(order.status, answered?.status)
    assert.equal(order.currency, answered?.currency)
    assert.equal(partition, partitionOf(Buffer.from(orderId), 3))
  }
})

test('of many creates of one id at the same time one succeeds, and one event is published', async (t) => {
  const settings = await settingsWithFile(t)
  const service = await startOwnService(t, settings)
  const answers = await Promise.all(Array.from({ length: 50 }, () => create(service, 'ORD-1')))
  const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other)
  assert.deepEqual(statuses, [201, ...Array<number>(49).fill(409)])
  assert.equal((await records(settings)).length, 1)
})

test('updates of one order at the same time are applied one after the other', async (t) => {
  const settings = await settingsWithFile(t)
  const service = await startOwnService(t, settings)
  await create(service, 'ORD-1')
  const statuses = ['confirmed', 'shipped', 'delivered', 'cancelled', 'pending']
  const answers = await Promise.all(statuses.map((status) => update(service, 'ORD-1', status)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    statuses.map(() => 200),
  )
  const versions = (await records(settings)).map(({ headers }) => Number(headers['ce_sequence']))
  assert.deepEqual(versions, [1, 2, 3, 4, 5, 6])
})

test('the lifecycle policy refuses a step back, and names what is allowed', async (t) => {
  const service = await startOwnService(
    t,
    await settingsWithFile(t, { ORDER_STATUS_POLICY: 'lifecycle' }),
  )
  await create(service, 'ORD-1')
  const refused = await update(service, 'ORD-1', 'delivered')
  assert.equal(refused.status, 409)
  assert.equal(
    refused.body.detail,
    "Order 'ORD-1' is pending and cannot become delivered; allowed next: confirmed, cancelled",
  )
})

test('a request that the service cannot take leaves nothing behind', async (t) => {
  const settings = await settingsWithFile(t)
  const service = await startOwnService(t, settings)
  const statuses = [
    (await create(service, '', 1)).status,
    (await create(service, 'ORD-1', 101)).status,
    (await update(service, 'ORD-1', 'lost')).status,
    (await update(service, 'ORD-1', 'shipped')).status,
  ]
  assert.deepEqual(statuses, [400, 400, 400, 404])
  assert.deepEqual(await records(settings), [])
})

test('the service starts without Kafka, says "not applied" until it comes, and then works', async (t) => {
  const port = await findFreePort()
  const settings = await settingsWithFile(t, { KAFKA_BOOTSTRAP_SERVERS: `localhost:${port}` })
  const service = await spawn(t, settings)
  await until(async () => (await fetch(`${service.url}/health/live`)).ok, 'the service listens')
  assert.equal((await fetch(`${service.url}/health/ready`)).status, 503)

  const refused = await create(service, 'ORD-1')
  assert.equal(refused.status, 503)
  assert.deepEqual([refused.body.code, refused.body.outcome], ['KAFKA_UNAVAILABLE', 'not-applied'])
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)

  const broker = await startTestBroker({ port })
  t.after(() => broker.close())
  await untilAllReady(service)
  assert.equal((await create(service, 'ORD-1')).status, 201)
  assert.equal((await records(settings)).length, 1)
})

test('the service starts without the registry, says "not applied" until it comes, and then works', async (t) => {
  const registry = await FakeRegistry.start()
  t.after(() => registry.stop())
  await registry.stop()
  const service = await spawn(t, await settingsWithFile(t, { SCHEMA_REGISTRY_URL: registry.url }))
  await until(async () => (await fetch(`${service.url}/health/live`)).ok, 'the service listens')
  await until(async () => {
    const { body } = await create(service, 'ORD-1')
    return body.code === 'SCHEMA_REGISTRY_UNAVAILABLE' && body.outcome === 'not-applied'
  }, 'the registry is missed')

  await registry.resume()
  await untilAllReady(service)
  assert.equal((await create(service, 'ORD-1')).status, 201)
})

test('with a schema id known from before the service works while the registry is away', async (t) => {
  const registry = await FakeRegistry.start()
  t.after(() => registry.stop())
  const settings = await settingsWithFile(t, { SCHEMA_REGISTRY_URL: registry.url })
  const first = await startOwnService(t, settings)
  assert.equal((await create(first, 'ORD-1')).status, 201)
  await registry.stop()
  assert.equal((await create(first, 'ORD-2')).status, 201)
  assert.equal((await first.end('SIGTERM')).code, 0)

  const second = await startOwnService(t, settings)
  assert.equal((await update(second, 'ORD-1', 'shipped')).status, 200)
  const schemaIds = (await records(settings)).map(({ value }) => decodeOrder(value).schemaId)
  assert.equal(new Set(schemaIds).size, 1)
})

test('a registry that answers garbage is as good as none, and no reason to fail', async (t) => {
  const registry = await FakeRegistry.start()
  t.after(() => registry.stop())
  registry.interfere({ kind: 'answer', status: 200, body: '<html>hello</html>' })
  const service = await spawn(t, await settingsWithFile(t, { SCHEMA_REGISTRY_URL: registry.url }))
  await until(async () => {
    const { status, body } = await create(service, 'ORD-1')
    return status === 503 && body.code === 'SCHEMA_REGISTRY_UNAVAILABLE'
  }, 'the registry is missed')
})

test('an incompatible schema keeps the service from starting, with the reasons of the registry', async (t) => {
  const registry = await FakeRegistry.start()
  t.after(() => registry.stop())
  registry.declareIncompatible(['field total was removed'])
  const service = await spawn(t, await settingsWithFile(t, { SCHEMA_REGISTRY_URL: registry.url }))
  assert.equal((await service.exited).code, 1)
  assert.match(service.output(), /field total was removed/)
})

test('all wrong settings are reported at once, by name, and the process exits with 1', async (t) => {
  const service = await spawn(t, {
    API_PORT: String(await findFreePort()),
    PUBLISH_TIMEOUT_MS: 'soon',
    KAFKA_TOPIC: 'a b',
  })
  assert.equal((await service.exited).code, 1)
  assert.match(service.output(), /PUBLISH_TIMEOUT_MS must be .*got "soon"/)
  assert.match(service.output(), /KAFKA_TOPIC must be .*got "a b"/)
})

test('while the store takes no writes the answer is a true "no", and it recovers by itself', async (t) => {
  const settings = await settingsWithFile(t)
  const service = await startOwnService(t, settings)
  assert.equal((await create(service, 'ORD-1')).status, 201)
  {
    using intruder = new DatabaseSync(settings.DATABASE_URL.slice('sqlite:'.length))
    intruder.exec('BEGIN IMMEDIATE')
    const refused = await create(service, 'ORD-2')
    assert.equal(refused.status, 503)
    assert.deepEqual(
      [refused.body.code, refused.body.outcome],
      ['STORE_UNAVAILABLE', 'not-applied'],
    )
    assert.equal((await fetch(`${service.url}/health/ready`)).status, 503)
    assert.equal((await fetch(`${service.url}/api/orders/ORD-1`)).status, 200)
  }
  await untilAllReady(service)
  assert.equal((await create(service, 'ORD-2')).status, 201)
  const keys = (await records(settings)).map(({ key }) => key)
  assert.deepEqual(keys.toSorted(), ['ORD-1', 'ORD-2'])
})

test('on SIGTERM the requests under way get their answers, and the process exits with 0', async (t) => {
  const broker = await startTestBroker()
  t.after(() => broker.close())
  const settings = await settingsWithFile(t, {
    KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
    SHUTDOWN_TIMEOUT_MS: '8000',
  })
  const service = await startOwnService(t, settings)
  await create(service, 'ORD-0')
  broker.pause()
  const underWay = Array.from({ length: 20 }, (_, index) => create(service, `ORD-${index + 1}`))
  await until(async () => {
    const health = (await (await fetch(`${service.url}/health`)).json()) as { status: string }
    return health.status === 'degraded'
  }, 'the requests have arrived and wait for the broker')
  const ended = service.end('SIGTERM')
  broker.resume()
  const answers = await Promise.all(underWay)
  assert.equal((await ended).code, 0, service.output())
  for (const { status } of answers) assert.ok(status === 201 || status === 503, String(status))
  const created = answers.filter(({ status }) => status === 201).length
  assert.equal((await records(settings)).length, created + 1)
})

test('on SIGTERM while it still starts the process exits with 0', async (t) => {
  const registry = await FakeRegistry.start()
  t.after(() => registry.stop())
  registry.interfere({ kind: 'silence' })
  const asked = once(registry.arrivals, 'request')
  const service = await spawn(t, await settingsWithFile(t, { SCHEMA_REGISTRY_URL: registry.url }))
  await asked
  assert.equal((await service.end('SIGTERM')).code, 0, service.output())
})

test('orders and versions outlive a restart', async (t) => {
  const settings = await settingsWithFile(t)
  const first = await startOwnService(t, settings)
  await create(first, 'ORD-1')
  await first.end('SIGTERM')
  const second = await startOwnService(t, settings)
  assert.equal((await create(second, 'ORD-1')).status, 409)
  assert.equal((await update(second, 'ORD-1', 'confirmed')).status, 200)
  assert.equal((await records(settings)).length, 2)
})
