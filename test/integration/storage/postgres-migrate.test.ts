import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'

import { readMigrations } from '../../../src/service/storage/migrations.ts'
import { creationOf, FROM_ALL, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { endLeases, openStore } from './postgres-store.ts'

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

  test('of a newer version are refused', async () => {
    await (await openStore(schema)).close()
    await schema.sql(
      `INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', clock_timestamp())`,
    )
    await assert.rejects(openStore(schema), {
      name: 'StoreError',
      message: /written by a newer version of CartService: it has migration 9999-later\.sql/,
    })
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
