import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { Client } from 'pg'
import { pino } from 'pino'
import { composeCartService } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/config.ts'
import { QUICK_MS } from '../../src/service/kafka/lane/sharing.ts'
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

/** As `KAFKA_TOPIC_PARTITIONS` has it. */
const PARTITIONS = 3
/** Leases and health go on meanwhile, and a partition may be late for a wave. */
const OTHERS = 8

/**
 * Of a wave: one request with the events of all partitions, one transaction for its reservations and one for
 * its acks. A partition whose ack was slow sends alone, as it should, and its acks come alone; that a machine
 * has no time for a first ack or two is soon forgotten.
 */
const SLOW_ACKS_MAX = 2
const QUICK_MAX = { produceRequests: WAVES + OTHERS, transactions: 3 * WAVES + OTHERS }
const SLOW_MAX = {
  produceRequests: PARTITIONS * WAVES + OTHERS,
  transactions: (PARTITIONS + 1) * WAVES + OTHERS,
}

/**
 * Counted were 20 requests, or 56 to 58 of a slow broker; 40 to 52 transactions, 3.9 to 4.7 MB written,
 * 79 to 89 MB allocated.
 */
const SQLITE_MAX = { writtenBytes: 6_000_000, allocatedBytes: 100_000_000 }

/** Counted were 20 requests, 42 to 44 transactions of 47 to 54 statements, 2.1 to 2.2 MB written, 81 to 83 MB allocated. */
const POSTGRES_MAX = {
  statements: (PARTITIONS + 1) * WAVES + OTHERS,
  writtenBytes: 2_800_000,
  allocatedBytes: 100_000_000,
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
  const sendWave = (wave: number) =>
    Promise.all(
      Array.from({ length: ORDERS_PER_WAVE }, (_, index) =>
        server.inject({
          method: 'POST',
          url: '/api/create-order',
          payload: { orderId: `ORD-${wave}-${index}`, numItems: 3 },
        }),
      ),
    )
  using requests = watchProduceRequests()
  // A broker that has just started may be slow to take its first events.
  for (let wave = 0; wave < WARM_UP_WAVES; wave += 1) await sendWave(wave)

  const counter = await startCounter()
  const requestsBefore = requests.count()
  const allocatedBefore = getHeapStatistics().total_allocated_bytes
  for (let wave = 0; wave < WAVES; wave += 1) {
    const answers = await sendWave(WARM_UP_WAVES + wave)
    for (const { statusCode, body } of answers) assert.equal(statusCode, 201, body)
  }
  return {
    slowAcks: requests.slowCount(),
    produceRequests: requests.count() - requestsBefore,
    allocatedBytes: getHeapStatistics().total_allocated_bytes - allocatedBefore,
    ...(await counter.count()),
  }
}

interface WatchedRequests extends Disposable {
  count(): number
  /** Those after which a partition sends alone. */
  slowCount(): number
}

/** As the client library announces what it sends, and what was answered. */
function watchProduceRequests(): WatchedRequests {
  const channel = tracingChannel('plt:kafka:connections:api')
  const startedMs = new WeakMap<object, number>()
  let count = 0
  let slowCount = 0
  const start = (message: unknown): void => {
    const request = message as { apiKey: number }
    if (request.apiKey !== API_KEYS.produce) return
    count += 1
    startedMs.set(request, performance.now())
  }
  const asyncEnd = (message: unknown): void => {
    const sinceMs = startedMs.get(message as object)
    if (sinceMs !== undefined && performance.now() - sinceMs > QUICK_MS) slowCount += 1
  }
  channel.start.subscribe(start)
  channel.asyncEnd.subscribe(asyncEnd)
  return {
    count: () => count,
    slowCount: () => slowCount,
    [Symbol.dispose]() {
      channel.start.unsubscribe(start)
      channel.asyncEnd.unsubscribe(asyncEnd)
    },
  }
}

function assertWithin(costs: Costs, bounds: Costs): void {
  const isSlow = (costs['slowAcks'] ?? 0) > SLOW_ACKS_MAX
  const broken = Object.entries({ ...bounds, ...(isSlow ? SLOW_MAX : QUICK_MAX) })
    .map(([name, max]) => ({ name, cost: costs[name] ?? 0, max }))
    // Nothing at all would mean that it is not counted any more.
    .filter(({ cost, max }) => cost === 0 || cost > max)
  assert.deepEqual(broken, [])
}
