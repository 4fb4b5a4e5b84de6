import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Client } from 'pg'
import { startOrderLoad, type OrderLoad } from '../fault/harness/order-load.ts'
import { runCart } from '../support/cart-command.ts'
import { freshSettings, startOwnService, type Settings } from '../support/own-service.ts'
import { startPostgresCluster } from '../support/postgres-cluster.ts'
import { createTestSchema, ROLE_PASSWORD } from '../support/postgres-schema.ts'
import { spawnService, untilReady, type ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

const CONFIRMED_TO_GO_ON = 200

function load(t: TestContext, services: readonly ServiceProcess[]): OrderLoad {
  const started = startOrderLoad({ urls: services.map(({ url }) => url) })
  t.after(() => started.stop())
  return started
}

async function runWell({ journal }: OrderLoad, services: readonly ServiceProcess[]): Promise<void> {
  const enough = journal.confirmedCount + CONFIRMED_TO_GO_ON
  await until(
    () => journal.confirmedCount >= enough,
    () =>
      `the load runs well; the services wrote:\n${services.map((one) => one.output()).join('')}`,
  )
}

async function stopAndAudit(
  services: readonly ServiceProcess[],
  settings: Settings,
): Promise<void> {
  for (const service of services) {
    assert.equal((await service.end('SIGTERM')).code, 0, service.output())
    assert.ok(!service.output().includes(ROLE_PASSWORD), 'the password is nowhere shown')
  }
  const { stdout } = await runCart(['audit'], settings)
  assert.match(stdout, /^Topic and store agree: \d+ events on the topic, \d+ in the store, 0 /)
}

test('two instances on one PostgreSQL database work on the same topic, and the audit agrees', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const settings = freshSettings(schema.url())
  const services = await Promise.all([startOwnService(t, settings), startOwnService(t, settings)])
  const orders = load(t, services)
  await runWell(orders, services)
  const busy = await runCart(['audit', '--json'], settings)
  assert.equal((JSON.parse(busy.stdout) as { agrees: boolean }).agrees, true)
  await orders.stop()
  await stopAndAudit(services, settings)
})

test('a start that its database holds up for longer than a lease allows asks again', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const settings = { ...freshSettings(schema.url()), INSTANCE_LEASE_MS: '5000' }
  await (await startOwnService(t, settings)).end('SIGTERM')
  const holder = new Client(schema.url())
  await holder.connect()
  try {
    await holder.query('BEGIN; LOCK TABLE instances IN EXCLUSIVE MODE')
    const service = await spawnService(settings)
    t.after(() => service.end('SIGKILL'))
    const joining = new Set<number>()
    await until(
      async () => {
        const waiting = await schema.sql<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity
           WHERE wait_event_type = 'Lock' AND query LIKE '%INTO instances%'`,
        )
        for (const { pid } of waiting) joining.add(pid)
        return joining.size === 2
      },
      () => `it has given up once, and asks again; it wrote:\n${service.output()}`,
    )
    await holder.query('ROLLBACK')
    await untilReady(service)
  } finally {
    await holder.end()
  }
})

test('without PostgreSQL the service refuses, says why, and goes on when it is back', async (t) => {
  const cluster = await startPostgresCluster()
  t.after(() => cluster.close())
  const schema = await createTestSchema(cluster.url)
  const settings = freshSettings(schema.url())
  const service = await startOwnService(t, settings)
  const orders = load(t, [service])
  await runWell(orders, [service])

  await cluster.crash()
  await until(async () => (await storageOf(service)).status === 'down', 'health says it is down')
  assert.match((await storageOf(service)).reason ?? '', /^The database .* cannot be used: /)
  assert.equal((await fetch(`${service.url}/health/ready`)).status, 503)
  const { status, outcome } = await create(service)
  assert.deepEqual({ status, outcome }, { status: 503, outcome: 'not-applied' })

  await cluster.start()
  await until(async () => (await storageOf(service)).status === 'up', 'health says it is up')
  await runWell(orders, [service])
  await orders.stop()
  await stopAndAudit([service], settings)
  const answers = new Set(orders.journal.entries.map((entry) => entry.status))
  assert.ok(!answers.has(500), 'nothing was taken for a bug')
})

test('a service whose PostgreSQL is away at the start ends with 1 and says so, without the password', async () => {
  const url = `postgres://cart:${ROLE_PASSWORD}@127.0.0.1:1/orders`
  const service = await spawnService(freshSettings(url))
  assert.equal((await service.exited).code, 1)
  assert.match(
    service.output(),
    /The database orders at 127\.0\.0\.1:1 cannot be used: it cannot be/,
  )
  assert.ok(!service.output().includes(ROLE_PASSWORD))
})

interface StorageState {
  readonly status: string
  readonly reason?: string
}

async function storageOf({ url }: ServiceProcess): Promise<StorageState> {
  const health = await (await fetch(`${url}/health`)).text()
  assert.ok(!health.includes(ROLE_PASSWORD))
  return (JSON.parse(health) as { checks: { storage: StorageState } }).checks.storage
}

async function create({ url }: ServiceProcess) {
  const response = await fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId: `order-${randomUUID()}`, numItems: 1 }),
  })
  const { outcome } = (await response.json()) as { outcome?: string }
  return { status: response.status, outcome }
}
