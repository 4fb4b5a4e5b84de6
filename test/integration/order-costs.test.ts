import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { Client } from 'pg'
import { pino } from 'pino'
import { composeCartService } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/config.ts'
import { freshSettings } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { API_KEYS } from '../support/produce-frame.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { watchLog } from '../support/write-ahead-log.ts'

/**
 * What a thousand orders cost, in what does not depend on the machine: requests, transactions, bytes.
 * They come in waves, each of which begins when the one before is answered, so the batches are the
 * same on any machine but for the order in which the partitions answer. The bounds have room above
 * what was counted; one that is broken shows a change that makes orders dearer.
 */

const WAVES = 20
const ORDERS_PER_WAVE = 50
/** The same code allocates less once it is compiled. */
const WARM_UP_WAVES = 60

/** For all orders together. */
type Costs = Readonly<Record<string, number>>

interface Counter {
  /** Since the counter was made. */
  count(): Promise<Costs>
}

/** Of a wave: one for its reservations, one for each partition's acks at the most. */
const TRANSACTIONS = WAVES * 4
/** Leases and health go on meanwhile. */
const OTHER_TRANSACTIONS = 8

/** Counted were at most 26 requests, 44 to 58 transactions, 7.2 to 9.0 MB written, 83 to 84 MB allocated. */
const SQLITE_MAX = {
  produceRequests: 26,
  transactions: TRANSACTIONS + OTHER_TRANSACTIONS,
  writtenBytes: 13_000_000,
  allocatedBytes: 108_000_000,
}

/** Counted were at most 26 requests, 41 to 61 statements, 2.6 to 2.7 MB written, 79 to 85 MB allocated. */
const POSTGRES_MAX = {
  produceRequests: 26,
  transactions: TRANSACTIONS + OTHER_TRANSACTIONS,
  statements: TRANSACTIONS + OTHER_TRANSACTIONS,
  writtenBytes: 3_500_000,
  allocatedBytes: 108_000_000,
}

test('a thousand orders on SQLite cost a bounded number of requests, transactions and bytes', async (t) => {
  const path = join(await temporaryFolder(t), 'cart.db')
  const costs = await countCosts(t, `sqlite:${path}`, () => {
    const log = watchLog(path)
    t.after(() => log[Symbol.dispose]())
    return Promise.resolve({
      count: () => {
        const { commits, bytes } = log.grown()
        return Promise.resolve({ transactions: commits, writtenBytes: bytes })
      },
    })
  })
  assertWithin(costs, SQLITE_MAX)
})

test('a thousand orders on PostgreSQL cost a bounded number of requests, statements and bytes', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  // The next one is minutes away: after a checkpoint pages are written whole to the log.
  await schema.sql('CHECKPOINT')
  const query = t.mock.method(Client.prototype, 'query')
  const read = async () => {
    const statements = query.mock.callCount()
    const [row] = await schema.sql<{ transactions: string; bytes: string }>(
      `SELECT pg_current_xact_id()::text AS transactions, (pg_current_wal_lsn() - '0/0')::text AS bytes`,
    )
    return { statements, transactions: Number(row?.transactions), bytes: Number(row?.bytes) }
  }
  const costs = await countCosts(t, schema.url(), async () => {
    const before = await read()
    const asked = query.mock.callCount() - before.statements
    return {
      async count() {
        const after = await read()
        return {
          // Less those of the counter.
          statements: after.statements - before.statements - asked,
          transactions: after.transactions - before.transactions - 1,
          writtenBytes: after.bytes - before.bytes,
        }
      },
    }
  })
  assertWithin(costs, POSTGRES_MAX)
})

async function countCosts(
  t: TestContext,
  databaseUrl: string,
  startCounter: () => Promise<Counter>,
): Promise<Costs> {
  const service = await composeCartService({
    config: loadConfig(freshSettings(databaseUrl)),
    logger: pino({ level: 'silent' }),
    onFatal: (error) => assert.fail(error),
  })
  t.after(() => service.close())
  const { server } = service
  await until(
    async () => (await server.inject('/health/ready')).statusCode === 200,
    'the service is ready for changes',
  )
  const sendWave = async (wave: number): Promise<void> => {
    const answers = await Promise.all(
      Array.from({ length: ORDERS_PER_WAVE }, (_, index) =>
        server.inject({
          method: 'POST',
          url: '/api/create-order',
          payload: { orderId: `ORD-${wave}-${index}`, numItems: 3 },
        }),
      ),
    )
    for (const { statusCode, body } of answers) assert.equal(statusCode, 201, body)
  }
  for (let wave = 0; wave < WARM_UP_WAVES; wave += 1) await sendWave(wave)

  const counter = await startCounter()
  using requests = countProduceRequests()
  const allocatedBefore = getHeapStatistics().total_allocated_bytes
  for (let wave = 0; wave < WAVES; wave += 1) await sendWave(WARM_UP_WAVES + wave)
  return {
    produceRequests: requests.count(),
    allocatedBytes: getHeapStatistics().total_allocated_bytes - allocatedBefore,
    ...(await counter.count()),
  }
}

/** As the client library announces what it sends. */
function countProduceRequests(): Disposable & { count(): number } {
  const channel = 'tracing:plt:kafka:connections:api:start'
  let count = 0
  const note = (message: unknown): void => {
    if ((message as { apiKey: number }).apiKey === API_KEYS.produce) count += 1
  }
  subscribe(channel, note)
  return { count: () => count, [Symbol.dispose]: () => void unsubscribe(channel, note) }
}

function assertWithin(costs: Costs, bounds: Costs): void {
  const broken = Object.entries(bounds)
    .map(([name, max]) => ({ name, cost: costs[name] ?? 0, max }))
    // Nothing at all would mean that it is not counted any more.
    .filter(({ cost, max }) => cost === 0 || cost > max)
  assert.deepEqual(broken, [])
}
