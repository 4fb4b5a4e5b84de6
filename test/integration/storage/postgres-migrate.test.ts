import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'

import { Client } from 'pg'

import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { migrationOf, readMigrations } from '../../../src/service/storage/migrations.ts'
import { creationOf, FROM_ALL, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { until } from '../../support/until.ts'
import { countWaiting, endLeases, openStore } from './postgres-store.ts'

const STARTED_AT_ONCE = 6

/** As docs/how-to/run-in-production.md has them. */
const GRANTS = ['SELECT, INSERT, UPDATE, DELETE ON ALL TABLES', 'USAGE ON ALL SEQUENCES'] as const

const GIVE_ALL_TO_SUPERUSER = `
  DO $$
  DECLARE name regclass;
  BEGIN
    EXECUTE format('ALTER SCHEMA %I OWNER TO CURRENT_USER', current_schema());
    FOR name IN
      SELECT oid FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    LOOP
      EXECUTE format('ALTER TABLE %s OWNER TO CURRENT_USER', name);
    END LOOP;
  END
  $$`

const EXPANDING = migrationOf('9001-more.sql', '-- expand\nALTER TABLE order_events ADD note text')

const CONTRACTING = migrationOf(
  '9002-less.sql',
  '-- contract 9001\nALTER TABLE order_events DROP traceparent',
)

/** As a newer version leaves it. */
function later(needs: number): string {
  return `INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', ${needs}, clock_timestamp())`
}

/** This process migrates for a version that it is not, and cannot join. */
function ignoreOlderJoin(error: Error): void {
  assert.match(error.message, /took away what this version works with/)
}

async function assertServes(store: BatchedStore): Promise<void> {
  const event = creationOf(newOrderId())
  assert.equal(await store.reserve(event), 'reserved')
  assert.equal(await store.settle(event, { partition: 0, offset: 1 }), 'settled')
}

describe('the migrations of PostgreSQL', () => {
  let schema: TestSchema

  beforeEach(async () => {
    schema = await createTestSchema()
  })

  afterEach(() => schema.drop())

  function listTables(): Promise<readonly object[]> {
    return schema.sql('SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', [
      schema.name,
    ])
  }

  function listColumns(name: string): Promise<readonly object[]> {
    return schema.sql(
      'SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND column_name = $2',
      [schema.name, name],
    )
  }

  test('are numbered from 1 without gaps', () => {
    const numbers = readMigrations('postgres').map(({ number }) => number)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    )
  })

  test('are applied once by instances that start at once', async () => {
    const opened = Array.from({ length: STARTED_AT_ONCE }, () => openStore(schema))
    const stores = await Promise.all(opened)
    await Promise.all(stores.map((store) => store.close()))
    const applied = await schema.sql(
      'SELECT number, checksum FROM schema_migrations ORDER BY number',
    )
    const expected = readMigrations('postgres').map(({ number, checksum }) => ({
      number,
      checksum,
    }))
    assert.deepEqual(applied, expected)
  })

  test('are found by a role that may not create anything, and works with what it is granted', async () => {
    await (await openStore(schema)).close()
    await schema.sql(GIVE_ALL_TO_SUPERUSER)
    for (const grant of GRANTS) await schema.sql(`GRANT ${grant} IN SCHEMA ${schema.name} TO cart`)
    await schema.sql(`GRANT USAGE ON SCHEMA ${schema.name} TO cart`)
    const store = await openStore(schema)
    const [settled, pending] = [creationOf(newOrderId()), creationOf(newOrderId())]
    assert.equal(await store.reserve(settled), 'reserved')
    assert.equal(await store.settle(settled, { partition: 0, offset: 1 }), 'settled')
    await store.reserve(pending)
    await store.saveSchemaId('orders-value', 'aa', 1)
    await store.close()
    await endLeases(schema)
    const successor = await openStore(schema)
    assert.equal((await successor.takeOverPending(1, FROM_ALL)).length, 1)
    assert.equal(await successor.discard(pending), 'discarded')
    await successor.close()
  })

  test('of a newer version that expand are no hindrance', async () => {
    await (await openStore(schema)).close()
    await schema.sql(later(0))
    await (await openStore(schema)).close()
  })

  test('of a newer version that contract are refused, at the start and when an instance joins anew', async () => {
    const store = await openStore(schema)
    await schema.sql(later(9999))
    const refusal = {
      name: 'StoreError',
      message: /its migration 9999-later\.sql took away what this version works with/,
    }
    await assert.rejects(openStore(schema), refusal)
    await assert.rejects(store.join(), refusal)
    await store.close()
  })

  test('that contract wait until no older version runs', async () => {
    const older = await openStore(schema)
    const migrations = [...readMigrations('postgres'), EXPANDING, CONTRACTING]
    await assert.rejects(openStore(schema, { migrations }), {
      name: 'StoreError',
      message: /cannot get migration 9002-less\.sql, .* while 1 of them run\. Stop them first\.$/,
    })
    await assertServes(older)
    await older.close()
    await openStore(schema, { migrations }).catch(ignoreOlderJoin)
    assert.deepEqual(await listColumns('traceparent'), [])
  })

  test('that contract end instances whose lease has run out', async () => {
    const older = await openStore(schema)
    await endLeases(schema)
    const migrations = [...readMigrations('postgres'), EXPANDING, CONTRACTING]
    await openStore(schema, { migrations }).catch(ignoreOlderJoin)
    assert.equal(await older.renewLease(), false)
    await assert.rejects(older.join(), { name: 'StoreError' })
    await older.close()
  })

  test('are left to somebody else when a start may only check', async () => {
    const check = { migrationMode: 'check' } as const
    await assert.rejects(openStore(schema, check), {
      name: 'StoreError',
      message: /lacks 0001-orders\.sql, and MIGRATIONS=check/,
    })
    assert.deepEqual(await listTables(), [])
    await (await openStore(schema)).close()
    await (await openStore(schema, check)).close()
  })

  test('give way to those who use a table, and come again', async (t) => {
    const store = await openStore(schema)
    t.after(() => store.close())
    const reader = new Client({ connectionString: schema.url() })
    t.after(() => reader.end())
    await reader.connect()
    await reader.query('BEGIN')
    await reader.query('SELECT count(*) FROM order_events')
    const migrations = [...readMigrations('postgres'), EXPANDING]
    const opening = openStore(schema, { migrations })
    await until(async () => (await countWaiting(schema)) > 0, 'the migration waits')
    await until(async () => (await countWaiting(schema)) === 0, 'it has given up')
    await assertServes(store)
    await reader.query('COMMIT')
    await (await opening).close()
    assert.equal((await listColumns('note')).length, 1)
    await assertServes(store)
  })

  test('with another text are refused', async () => {
    await (await openStore(schema)).close()
    await schema.sql(`UPDATE schema_migrations SET checksum = 'x' WHERE number = 1`)
    await assert.rejects(openStore(schema), {
      name: 'StoreError',
      message: /made with another text of migration 0001-orders\.sql/,
    })
  })

  test('that fail leave nothing behind', async () => {
    await schema.sql('CREATE TABLE write_probe (id integer)')
    await assert.rejects(openStore(schema), { name: 'StoreError', message: /is not ours/ })
    assert.deepEqual(await listTables(), [{ name: 'write_probe' }])
  })
})
