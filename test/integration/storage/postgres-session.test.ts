import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { toArrayParameter } from '../../../src/service/storage/postgres/array-parameters.ts'
import { Connection, createLink } from '../../../src/service/storage/postgres/connection.ts'
import { readStoredEvents } from '../../../src/service/storage/postgres/event-reader.ts'
import { inspectStore, listPendingEvents } from '../../../src/service/storage/postgres/inspect.ts'
import { beginSession, endSession } from '../../../src/service/storage/postgres/session.ts'
import { creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres-database.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { DATABASE_DEFAULTS, ROLE_DEFAULTS } from './hostile-defaults.ts'
import { openStore } from './postgres-store.ts'

const TIMEOUTS = { connectMs: 3_000, statementMs: 20_000, answerMs: 30_000 }

describe('a session on a database with hostile defaults', () => {
  let database: TestDatabase
  let schema: TestSchema

  before(async () => {
    database = await createTestDatabase({
      databaseDefaults: DATABASE_DEFAULTS,
      roleDefaults: ROLE_DEFAULTS,
    })
    schema = await createTestSchema(database.url, database.role)
  })

  after(() => database[Symbol.asyncDispose]())

  test('has none of them that a meaning depends on', async () => {
    const names = [...Object.keys(DATABASE_DEFAULTS), ...Object.keys(ROLE_DEFAULTS)]
    const connection = new Connection({
      url: schema.url(),
      database: 'of the test',
      mustBeDurable: true,
      timeouts: TIMEOUTS,
    })
    const rows = await connection.query<{ name: string; setting: string }>(
      { text: 'SELECT name, setting FROM pg_settings WHERE lower(name) = ANY ($1)' },
      [[...names, 'transaction_timeout'].map((name) => name.toLowerCase())],
    )
    await connection.close()
    const { transaction_timeout: transactionTimeout = '0', ...settings } = Object.fromEntries(
      rows.map(({ name, setting }) => [name, setting]),
    )
    assert.equal(transactionTimeout, '0')
    assert.deepEqual(settings, {
      bytea_output: 'hex',
      DateStyle: 'ISO, MDY',
      IntervalStyle: 'postgres',
      TimeZone: 'UTC',
      client_encoding: 'UTF8',
      standard_conforming_strings: 'on',
      extra_float_digits: '1',
      default_transaction_isolation: 'read committed',
      default_transaction_deferrable: 'off',
      synchronous_commit: 'on',
      statement_timeout: '20000',
      lock_timeout: '0',
      idle_in_transaction_session_timeout: '30000',
      idle_session_timeout: '0',
      enable_indexscan: 'on',
      enable_bitmapscan: 'on',
      enable_tidscan: 'on',
      enable_nestloop: 'on',
      plan_cache_mode: 'auto',
    })
  })

  test('that keeps its plans plans a statement once, however short its arrays are', async () => {
    const connection = new Connection({
      url: schema.url(),
      database: 'of the test',
      mustBeDurable: true,
      timeouts: TIMEOUTS,
      keepsPlans: true,
    })
    const counted = { name: 'counted', text: 'SELECT count(*) FROM unnest($1::integer[])' }
    for (let run = 0; run < 10; run += 1) {
      await connection.query(counted, [toArrayParameter('integer', [run], Number)])
    }
    const plans = await connection.query({
      text: `SELECT custom_plans AS "customPlans" FROM pg_prepared_statements WHERE name = 'counted'`,
    })
    await connection.close()
    assert.deepEqual(plans, [{ customPlans: 0 }])
  })

  test('of an abandoned statement is ended before the next one', async () => {
    const hanging = createLink({ url: schema.url(), timeouts: TIMEOUTS })
    hanging.client.on('error', () => {})
    await hanging.client.connect()
    const options = {
      database: 'of the test',
      mustBeDurable: true,
      statementMs: TIMEOUTS.statementMs,
    }
    const session = await beginSession(hanging.client, options)
    const statement = assert.rejects(hanging.client.query('SELECT pg_sleep(60)'))
    const next = createLink({ url: schema.url(), timeouts: TIMEOUTS })
    await next.client.connect()
    await beginSession(next.client, options)
    await endSession(next.client, session)
    const { rows } = await next.client.query('SELECT FROM pg_stat_activity WHERE pid = $1', [
      session.pid,
    ])
    await next.client.end()
    hanging.socket.destroy()
    await statement
    assert.equal(rows.length, 0)
  })

  test('of the audit reads the bytes as they are stored, and that of the doctor counts', async () => {
    await using own = await createTestSchema(database.url, database.role)
    const store = await openStore(own)
    const creation = creationOf(newOrderId())
    await store.reserve(creation)
    await store.close()
    const options = { url: own.url(), database: 'of the test', mustBeDurable: true }
    const values: Uint8Array[] = []
    for await (const { value } of readStoredEvents(options)) values.push(value)
    assert.deepEqual(values, [creation.encoded.value])
    assert.equal((await inspectStore(options)).pendingCount, 1)
  })
})

test('a database that cannot hold every order is refused, in one sentence', async () => {
  for (const encoding of ['LATIN1', 'SQL_ASCII']) {
    await using database = await createTestDatabase({ encoding })
    const schema = await createTestSchema(database.url, database.role)
    const refused = {
      name: 'StoreError',
      isApplied: 'no',
      message: new RegExp(`cannot be used: its encoding is ${encoding}.*ENCODING 'UTF8'`),
    }
    await assert.rejects(openStore(schema), refused)
    const options = { url: schema.url(), database: 'of the test', mustBeDurable: true }
    await assert.rejects(inspectStore(options), refused)
  }
})

test('pending events are listed where the service could not write them', async () => {
  await using schema = await createTestSchema()
  const store = await openStore(schema)
  const creation = creationOf(newOrderId())
  await store.reserve(creation)
  await store.close()
  const url = schema.url({ default_transaction_read_only: 'on' })
  const options = { url, database: 'of the test', mustBeDurable: true }
  await assert.rejects(inspectStore(options), { message: /standby or read-only/ })
  const listed = await listPendingEvents(options, 10)
  assert.deepEqual(
    listed.map(({ event }) => event.eventId),
    [creation.event.eventId],
  )
})

test('options of the address are kept, but not those that a meaning depends on', async () => {
  await using schema = await createTestSchema()
  const url = schema.url({ bytea_output: 'escape', jit: 'off' })
  const { client } = createLink({ url, timeouts: TIMEOUTS })
  await client.connect()
  const { rows } = await client.query(`
    SELECT current_setting('bytea_output') AS output, current_schema() AS schema,
           current_setting('jit') AS jit`)
  await client.end()
  assert.deepEqual(rows, [{ output: 'hex', schema: schema.name, jit: 'off' }])
})
