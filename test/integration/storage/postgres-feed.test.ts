import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Client } from 'pg'
import { FIRST_PLACE, type PlacedEvent } from '../../../src/business/stream/settled-feed.ts'
import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import type { Query } from '../../../src/service/storage/postgres/connection.ts'
import { settle } from '../../../src/service/storage/postgres/order-statements.ts'
import { toEventKey } from '../../../src/service/storage/order-row.ts'
import { changeOf, creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { until } from '../../support/until.ts'
import { openStore } from './postgres-store.ts'

const ORDERS_EACH = 60

async function createSchema(t: TestContext): Promise<TestSchema> {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  return schema
}

/** The service's own statement, in a transaction that stays open. */
async function settleWithoutCommit(
  client: Client,
  store: BatchedStore,
  pending: PendingEvent,
  offset: number,
): Promise<void> {
  await client.query('BEGIN')
  const query: Query = async <Row>({ text }: { text: string }, values: readonly unknown[] = []) =>
    (await client.query(text, [...values])).rows as readonly Row[]
  const position = { partition: pending.partition, offset }
  const call = [store.instanceId, toEventKey(pending), position] as const
  assert.deepEqual(await settle(query, [call]), ['settled'])
}

function idsOf(events: readonly PlacedEvent[]): string[] {
  return events.map(({ eventId }) => eventId)
}

async function readAll(store: BatchedStore): Promise<PlacedEvent[]> {
  const seen: PlacedEvent[] = []
  await until(async () => {
    seen.push(...(await store.listSettled(seen.at(-1)?.place ?? FIRST_PLACE, 7)))
    return seen.length >= 4 * ORDERS_EACH
  }, 'every event was seen')
  return seen
}

test('a settlement that commits late is missed by no reader of the feed', async (t) => {
  const schema = await createSchema(t)
  await using store = closing(await openStore(schema))
  const client = new Client({ connectionString: schema.url() })
  t.after(() => client.end())
  await client.connect()
  const late = creationOf(newOrderId())
  const early = creationOf(newOrderId())
  for (const pending of [late, early]) await store.reserve(pending)

  await settleWithoutCommit(client, store, late, 1)
  assert.equal(await store.settle(early, { partition: early.partition, offset: 2 }), 'settled')
  const before = await store.listSettled(FIRST_PLACE, 10)
  const lastBefore = await store.findLastPlace()
  await client.query('COMMIT')

  const after = await store.listSettled(before.at(-1)?.place ?? FIRST_PLACE, 10)
  const expected = [late, early].map(({ event }) => event.eventId)
  assert.deepEqual([...idsOf(before), ...idsOf(after)], expected)
  assert.deepEqual(idsOf(await store.listSettled(lastBefore, 10)), expected)
})

test('what is rolled back does not hold the feed up', async (t) => {
  const schema = await createSchema(t)
  await using store = closing(await openStore(schema))
  const client = new Client({ connectionString: schema.url() })
  t.after(() => client.end())
  await client.connect()
  const undone = creationOf(newOrderId())
  const done = creationOf(newOrderId())
  for (const pending of [undone, done]) await store.reserve(pending)
  await settleWithoutCommit(client, store, undone, 1)
  await store.settle(done, { partition: done.partition, offset: 2 })
  await client.query('ROLLBACK')
  assert.deepEqual(idsOf(await store.listSettled(FIRST_PLACE, 10)), [done.event.eventId])
})

test('readers of two instances see every event of both once, each order by its versions', async (t) => {
  const schema = await createSchema(t)
  await using one = closing(await openStore(schema))
  await using other = closing(await openStore(schema))
  const settled: string[] = []

  async function write(store: BatchedStore, offset: number): Promise<void> {
    const orderId = newOrderId()
    for (const pending of [creationOf(orderId), changeOf(orderId, 2, 'shipped')]) {
      assert.equal(await store.reserve(pending), 'reserved')
      assert.equal(await store.settle(pending, { partition: 2, offset }), 'settled')
      settled.push(pending.event.eventId)
    }
  }

  const writers = [one, other].flatMap((store) =>
    Array.from({ length: ORDERS_EACH }, (_, index) => write(store, index)),
  )
  const [ofOne, ofOther] = await Promise.all([readAll(one), readAll(other), ...writers])
  assert.deepEqual(idsOf(ofOne), idsOf(ofOther))
  assert.deepEqual(idsOf(ofOne).toSorted(), settled.toSorted())
  const lastVersions = new Map<string, number>()
  for (const { order, version } of ofOne) {
    assert.equal(version, (lastVersions.get(order.orderId) ?? 0) + 1)
    lastVersions.set(order.orderId, version)
  }
})

function closing(store: BatchedStore): BatchedStore & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}
