import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import { DependencyHealth } from '../../../src/business/dependency-health.ts'
import { openStore } from '../../../src/compose-store.ts'
import { loadConfig } from '../../../src/config/config.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { systemClock } from '../../../src/service/system.ts'
import { newOrderId } from '../../contract/order-store-events.ts'
import { startPostgresCluster } from '../../support/postgres-cluster.ts'
import { createTestSchema } from '../../support/postgres-schema.ts'
import { until } from '../../support/until.ts'
import { countWaiting } from './postgres-store.ts'
import { makeTempDirectory } from './temp-directory.ts'

/** A store as the service opens it. */
async function open(t: TestContext, databaseUrl: string): Promise<BatchedStore> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, PUBLISH_TIMEOUT_MS: '100' })
  const health = new DependencyHealth(systemClock, () => {})
  const store = await openStore(config, {
    watch: { health, clock: systemClock },
    onServerChange: () => Promise.resolve(),
  })
  t.after(() => store.close())
  return store
}

/** While a change holds the store, a read waits behind it for as long as its caller does. */
async function refusesRead(store: BatchedStore): Promise<void> {
  await assert.rejects(store.findOrder(newOrderId()), {
    name: 'StoreError',
    isApplied: 'no',
    message: 'The store had no time for it',
  })
}

suite('a read that waits for longer than its caller is not begun', () => {
  test('on SQLite', async (t) => {
    const directory = makeTempDirectory()
    t.after(() => directory[Symbol.dispose]())
    const store = await open(t, `sqlite:${directory.database}`)
    const other = new DatabaseSync(directory.database)
    other.exec('BEGIN IMMEDIATE')
    const probe = store.probe().catch(() => undefined)
    // Its batch begins in the next turn of the loop.
    await setImmediate()
    await setImmediate()
    await refusesRead(store)
    other.exec('ROLLBACK')
    other.close()
    await probe
    assert.equal(await store.findOrder(newOrderId()), undefined)
  })

  test('on PostgreSQL', async (t) => {
    // Of its own: the streams of other tests would wait for a transaction that is held up.
    const cluster = await startPostgresCluster()
    t.after(() => cluster.close())
    const schema = await createTestSchema(cluster.url)
    const store = await open(t, schema.url())
    const held = schema.sql('BEGIN; LOCK TABLE write_probe; SELECT pg_sleep(1); COMMIT')
    await until(async () => (await lockCount()) > 0, 'the table is held')
    const probe = store.probe().catch(() => undefined)
    await until(async () => (await countWaiting(schema)) > 0, 'the change waits')
    await refusesRead(store)
    await Promise.all([held, probe])
    assert.equal(await store.findOrder(newOrderId()), undefined)

    async function lockCount(): Promise<number> {
      const [row] = await schema.sql<{ count: string }>(
        `SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'
         AND relation = '${schema.name}.write_probe'::regclass`,
      )
      return Number(row?.count)
    }
  })
})
