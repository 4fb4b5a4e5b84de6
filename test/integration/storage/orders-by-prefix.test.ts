import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { OrderReader } from '../../../src/business/ports.ts'
import {
  areFoundById,
  countByIdStatement,
  type Dialect,
  listOrdersStatement,
  type ReadStatement,
} from '../../../src/service/storage/list-orders.ts'
import { openPostgresStore } from '../../../src/service/storage/postgres/store.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { createTestSchema } from '../../support/postgres-schema.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** More than are found by their ids: `ORD-1` to `ORD-<count>`, one a second; each tenth is shipped. */
const COUNT = 120_000

const EVENT_COLUMNS = `event_id, order_id, version, time, topic, topic_partition, search_from_offset,
  producer_id, producer_epoch, schema_id, value, state, topic_offset, settled_at,
  settled_in`

/** Without items. */
const STATE = `'["' || status || '","CUST-1",' || date || ',"EUR",0,[]]'`

const FILL_SQLITE = `
  CREATE TEMP TABLE numbers AS
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${COUNT})
    SELECT n, 'ORD-' || n AS id, iif(n % 10 = 0, 'shipped', 'pending') AS status,
           (1767225600 + n) * 1000 AS date
    FROM numbers;
  INSERT INTO order_events (${EVENT_COLUMNS}, id, order_number)
    SELECT id, id, 1, date, 'orders', 0, 0, 1, 0, 1, x'00', ${STATE}, n, date, n, n, n FROM numbers;
  INSERT INTO orders SELECT id, n, 1, status, 'CUST-1', date FROM numbers;`

const FILL_POSTGRES = `
  CREATE TABLE numbers AS
    SELECT n, 'ORD-' || n AS id, CASE WHEN n % 10 = 0 THEN 'shipped' ELSE 'pending' END AS status,
           (1767225600 + n) * 1000::bigint AS date
    FROM generate_series(1, ${COUNT}) AS n;
  INSERT INTO order_events (${EVENT_COLUMNS})
    SELECT id, id, 1, date, 'orders', 0, 0, 1, 0, 1, '\\x00', (${STATE})::json, n, now(), 1
    FROM numbers;
  INSERT INTO orders SELECT id, 1, status, 'CUST-1', date FROM numbers;
  ANALYZE orders; ANALYZE order_events;`

/** Of few orders, of many, of old ones alone, of none. */
const PREFIXES = ['ORD-11999', 'ORD-', 'ORD-1', 'ORD-100', 'ORD-120000', 'ORD-9', 'X']

function expectedIds(prefix: string, status: string | undefined, limit: number): string[] {
  return Array.from({ length: COUNT }, (_, index) => COUNT - index)
    .filter((n) => status === undefined || (n % 10 === 0) === (status === 'shipped'))
    .map((n) => `ORD-${n}`)
    .filter((id) => id.startsWith(prefix))
    .slice(0, limit)
}

async function assertLists(reader: OrderReader): Promise<void> {
  for (const orderIdPrefix of PREFIXES) {
    for (const status of [undefined, 'shipped'] as const) {
      const found = await reader.listOrders({ orderIdPrefix, limit: 60, ...(status && { status }) })
      const ids = found.map(({ order }) => order.orderId)
      assert.deepEqual(ids, expectedIds(orderIdPrefix, status, 60), `${orderIdPrefix} ${status}`)
    }
  }
}

const QUERY = { orderIdPrefix: 'ORD-11999', limit: 60 }

/** How each statement finds the orders, in the words of the database. */
async function plansOf(dialect: Dialect, explain: (statement: ReadStatement) => Promise<string>) {
  const count = countByIdStatement(QUERY, dialect)
  assert.ok(count)
  return {
    count: await explain(count),
    few: await explain(listOrdersStatement(QUERY, dialect, true)),
    fewOfStatus: await explain(listOrdersStatement({ ...QUERY, status: 'shipped' }, dialect, true)),
    many: await explain(listOrdersStatement({ ...QUERY, orderIdPrefix: 'ORD-' }, dialect)),
    manyOfStatus: await explain(
      listOrdersStatement({ orderIdPrefix: 'ORD-', limit: 60, status: 'shipped' }, dialect),
    ),
  }
}

test('SQLite finds orders by the beginning of their ids through an index, however many there are', async (t) => {
  const path = join(await temporaryFolder(t), 'cart.db')
  await (await openSqliteStore({ path })).close()
  const db = new DatabaseSync(path)
  db.exec(FILL_SQLITE)
  const plans = await plansOf(
    { placeholder: (number) => `?${number}`, orderColumn: 'order_number' },
    async ({ text, parameters }) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all(...parameters)
        .map(({ detail }) => String(detail))
        .join('\n'),
  )
  db.close()
  const byId = /^SEARCH orders USING PRIMARY KEY \(order_id>\? AND order_id<\?\)$/m
  assert.match(plans.count, byId)
  assert.match(plans.few, byId)
  assert.match(plans.fewOfStatus, byId)
  assert.match(plans.many, /^SCAN orders USING INDEX orders_by_date$/m)
  assert.match(plans.manyOfStatus, /^SEARCH orders USING INDEX orders_by_status \(status=\?\)$/m)

  const store = await openSqliteStore({ path })
  t.after(() => store.close())
  await assertLists(store)
})

test('PostgreSQL finds orders by the beginning of their ids through an index, however many there are', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const options = { url: schema.url(), database: schema.name, mustBeDurable: true }
  const store = await openPostgresStore({ ...options, leaseMs: 60_000 })
  t.after(() => store.close())
  await schema.sql(FILL_POSTGRES)
  const plans = await plansOf(
    { placeholder: (number) => `$${number}`, orderColumn: 'order_id' },
    async ({ text, parameters }) => {
      const rows = await schema.sql<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, parameters)
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    },
  )
  const byId =
    /orders_pkey[^]*\(\(order_id >= 'ORD-11999'::text\) AND \(order_id < 'ORD-1199:'::text\)\)/
  assert.match(plans.count, byId)
  assert.match(plans.few, byId)
  assert.match(plans.fewOfStatus, byId)
  assert.match(plans.many, /Index (?:Only )?Scan Backward using orders_by_date/)
  assert.match(plans.manyOfStatus, /orders_by_status/)
  await assertLists(store)
})

test('few orders are found by their ids, and many by the order of the list', () => {
  assert.deepEqual([0, 50_000, 50_001, undefined].map(areFoundById), [true, true, false, false])
})
