import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { openSqliteStore } from '../src/service/storage/sqlite/store.ts'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { infrastructure } from '../test/support/infrastructure.ts'
import { createTestSchema, type TestSchema } from '../test/support/postgres-schema.ts'
import { startService, type ServiceProcess } from '../test/support/service-process.ts'

/**
 * Is a list as fast among a million orders as among a thousand? Two services, one with few and one
 * with many stored orders, are asked the same in turns; printed is the ratio of their medians.
 *
 *   node bench/list-orders.ts [--few 1000] [--many 1000000] [--rounds 200] [--database sqlite|postgres]
 */
const { values } = parseArgs({
  options: {
    few: { type: 'string', default: '1000' },
    many: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '200' },
    database: { type: 'string', default: 'sqlite' },
  },
})

/** Orders `1` to `count`, a second apart; every tenth is shipped, at version 2. */
const FIRST_ORDER_MS = Date.parse('2026-01-01T00:00:00.000Z')

/** As a row has it. */
function stateAt(number: number, status: string): string {
  const items = [
    ['ITEM-LAPTOP-123', 2, 1999],
    ['ITEM-PHONE-456', 1, 50000],
  ]
  return JSON.stringify([status, customerOf(number), msOf(number), 'EUR', 53998, items])
}

function customerOf(number: number): string {
  return `CUST-${1_000 + (number % 9_000)}`
}

function msOf(number: number): number {
  return FIRST_ORDER_MS + number * 1_000
}

function dateOf(number: number): string {
  return new Date(msOf(number)).toISOString()
}

async function fillSqlite(path: string, count: number): Promise<void> {
  await (await openSqliteStore({ path })).close()
  using db = new DatabaseSync(path)
  const addEvent = db.prepare(`
    INSERT INTO order_events (event_id, order_id, order_number, version, time, topic, topic_partition,
                              search_from_offset, producer_id, producer_epoch, schema_id, value, state,
                              topic_offset, settled_at, settled_in)
    VALUES (?, ?, ?, ?, ?, 'orders', 0, 0, 1, 0, 1, x'00', ?, ?, ?, ?)`)
  const addOrder = db.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)')
  let eventCount = 0
  db.exec('BEGIN')
  for (let number = 1; number <= count; number += 1) {
    const id = `ORD-${number}`
    const ms = msOf(number)
    const statuses = number % 10 === 0 ? ['pending', 'shipped'] : ['pending']
    const orderNumber = eventCount + 1
    for (const [index, status] of statuses.entries()) {
      eventCount += 1
      const state = stateAt(number, status)
      const place = [eventCount, ms, eventCount] as const
      addEvent.run(`${id}-${index + 1}`, id, orderNumber, index + 1, ms, state, ...place)
    }
    const status = statuses.at(-1) ?? ''
    addOrder.run(id, orderNumber, statuses.length, status, customerOf(number), ms)
  }
  db.exec('COMMIT')
}

async function fillPostgres(schema: TestSchema, count: number): Promise<void> {
  const state = stateAt(0, '%S')
    .replace('CUST-1000', '%C')
    .replace(String(msOf(0)), '%D')
  const events = (version: number, status: string, numbers: string): string => `
    INSERT INTO order_events (order_id, version, event_id, time, topic, topic_partition,
                              search_from_offset, producer_id, producer_epoch, schema_id, value, state,
                              topic_offset, settled_at, settled_in)
    SELECT 'ORD-' || n, ${version}, 'ORD-' || n || '-${version}', date, 'orders', 0, 0, 1, 0, 1,
           '\\x00',
           replace(replace(replace('${state}', '%C', customer), '%D', date::text), '%S', '${status}')::json,
           n * 2 + ${version}, clock_timestamp(), 1
    FROM (${numbers}) AS numbered`
  const numbers = (where: string): string => `
    SELECT n, 'CUST-' || (1000 + n % 9000) AS customer, ${FIRST_ORDER_MS} + n * 1000::bigint AS date
    FROM generate_series(1, ${count}) AS n WHERE ${where}`
  await schema.sql(events(1, 'pending', numbers('TRUE')))
  await schema.sql(events(2, 'shipped', numbers('n % 10 = 0')))
  await schema.sql(`
    INSERT INTO orders (order_id, version, status, customer_id, order_date)
    SELECT 'ORD-' || n, CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END,
           CASE WHEN n % 10 = 0 THEN 'shipped' ELSE 'pending' END, customer, date
    FROM (${numbers('TRUE')}) AS numbered`)
  await schema.sql('ANALYZE')
}

async function startOn(databaseUrl: string): Promise<ServiceProcess> {
  return startService({
    KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
    KAFKA_TOPIC: `bench-${randomUUID()}`,
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
  })
}

async function timeOf(url: string): Promise<number> {
  const startedMs = performance.now()
  const response = await fetch(url)
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`${url} was answered ${response.status}`)
  return performance.now() - startedMs
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? NaN
}

/** What is asked of a service with so many orders: the same for both, seen from their newest order. */
function queriesFor(count: number): ReadonlyArray<[name: string, path: string]> {
  const middle = count - Math.min(count, 1_000) / 2
  const cursor = Buffer.from(JSON.stringify([dateOf(middle), `ORD-${middle}`])).toString(
    'base64url',
  )
  return [
    ['newest 50', '/api/orders'],
    ['newest 200', '/api/orders?limit=200'],
    ['of a status', '/api/orders?status=shipped'],
    ['of a customer', `/api/orders?customerId=${customerOf(count)}`],
    ['of a customer and a status', `/api/orders?customerId=${customerOf(count)}&status=pending`],
    ['of a time', `/api/orders?from=${dateOf(middle)}&to=${dateOf(middle + 100)}`],
    ['after a cursor', `/api/orders?cursor=${cursor}`],
    ['an id prefix, few begin so', `/api/orders?orderId=ORD-${String(middle).slice(0, -1)}`],
    ['a hundredth begin so, old', '/api/orders?orderId=ORD-10'],
    ['a ninth begin so, old', '/api/orders?orderId=ORD-1'],
    ['all begin so', '/api/orders?orderId=ORD-'],
    ['none begin so', '/api/orders?orderId=ORD-X'],
    ['a prefix and a status', '/api/orders?orderId=ORD-1&status=shipped'],
    ['a prefix and a customer', `/api/orders?orderId=ORD-1&customerId=${customerOf(count)}`],
    ['one order', `/api/orders/ORD-${middle - (middle % 10)}`],
    ['history of an order', `/api/orders/ORD-${middle - (middle % 10)}/events`],
  ]
}

await globalSetup()
await using closing = new AsyncDisposableStack()
closing.defer(() => globalTeardown())
const dir = await mkdtemp(join(tmpdir(), 'cart-service-bench-'))
closing.defer(() => rm(dir, { recursive: true, force: true }))

async function prepare(count: number): Promise<ServiceProcess> {
  if (values.database === 'postgres') {
    const schema = await createTestSchema()
    closing.defer(() => schema.drop())
    const first = await startOn(schema.url())
    await first.end('SIGTERM')
    await fillPostgres(schema, count)
    return startOn(schema.url())
  }
  const path = join(dir, `cart-${count}.db`)
  await fillSqlite(path, count)
  return startOn(`sqlite:${path}`)
}

const counts = [Number(values.few), Number(values.many)]
const services: ServiceProcess[] = []
for (const count of counts) {
  const service = await prepare(count)
  closing.defer(async () => void (await service.end('SIGTERM')))
  services.push(service)
}
process.stdout.write(`${values.database}, medians of ${values.rounds} requests in turns, in ms\n`)
process.stdout.write(
  `${'request'.padEnd(28)}${counts.map((count) => String(count).padStart(10)).join('')}     ratio\n`,
)
const questions = counts.map(queriesFor)
for (const [index, [name]] of (questions[0] ?? []).entries()) {
  const times: number[][] = [[], []]
  for (let round = -10; round < Number(values.rounds); round += 1) {
    for (const [which, service] of services.entries()) {
      const time = await timeOf(`${service.url}${questions[which]?.[index]?.[1]}`)
      if (round >= 0) times[which]?.push(time)
    }
  }
  const [few = NaN, many = NaN] = times.map(median)
  const figures = [few, many].map((time) => time.toFixed(2).padStart(10)).join('')
  process.stdout.write(`${name.padEnd(28)}${figures}${(many / few).toFixed(2).padStart(10)}\n`)
}
