import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Client } from 'pg'

import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { creationOf, FROM_ALL, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { until } from '../../support/until.ts'
import { countWaiting, endLeases, openStore, type StoreSettings } from './postgres-store.ts'

const LIMIT = 100
const POSITION = { partition: 0, offset: 1 }
const SHORT_LEASE_MS = 1_000

describe('a lease in PostgreSQL', () => {
  let schema: TestSchema
  let stores: BatchedStore[]

  beforeEach(async () => {
    schema = await createTestSchema()
    stores = []
  })

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await schema.drop()
  })

  async function open(settings?: StoreSettings): Promise<BatchedStore> {
    const store = await openStore(schema, settings)
    stores.push(store)
    return store
  }

  async function listInstances(): Promise<readonly string[]> {
    const rows = await schema.sql<{ instance_id: string }>('SELECT instance_id FROM instances')
    return rows.map(({ instance_id }) => instance_id)
  }

  test('keeps others from taking over until it has run out, by the clock of the database', async () => {
    const owner = await open({ leaseMs: SHORT_LEASE_MS })
    const other = await open()
    const creation = creationOf(newOrderId())
    await owner.reserve(creation)
    const [lease] = await schema.sql<{ hasRunOut: boolean; taken: number }>(
      'SELECT max(lease_until) AS until FROM instances WHERE instance_id = $1',
      [owner.instanceId],
    )
    assert.ok(lease)
    await until(
      async () => (await other.takeOverPending(LIMIT, FROM_ALL)).length === 1,
      'it is taken over',
    )
    const [end] = await schema.sql<{ isOver: boolean }>(
      'SELECT clock_timestamp() > $1 AS "isOver"',
      [(lease as unknown as { until: Date }).until],
    )
    assert.equal(end?.isOver, true)
    assert.equal(await owner.settle(creation, POSITION), 'not-owned')
    assert.equal(await owner.renewLease(), false)
  })

  test('that ran out a moment ago keeps off who waits for longer', async () => {
    const owner = await open()
    const other = await open()
    const creation = creationOf(newOrderId())
    await owner.reserve(creation)
    await schema.sql(
      `UPDATE instances SET lease_until = clock_timestamp() - interval '30 s' WHERE instance_id = $1`,
      [owner.instanceId],
    )
    assert.deepEqual(await other.takeOverPending(LIMIT, { ...FROM_ALL, expiredForMs: 600_000 }), [])
    assert.equal(await owner.renewLease(), true)
    await schema.sql(
      `UPDATE instances SET lease_until = clock_timestamp() - interval '30 s' WHERE instance_id = $1`,
      [owner.instanceId],
    )
    assert.deepEqual(await other.takeOverPending(LIMIT, { ...FROM_ALL, expiredForMs: 29_000 }), [
      creation,
    ])
    assert.equal(await owner.renewLease(), false)
  })

  test('that has run out makes an instance nobody to hand over to', async () => {
    const owner = await open()
    await open()
    await endLeases(schema)
    assert.equal(await owner.renewLease(), true)
    const creation = creationOf(newOrderId())
    await owner.reserve(creation)
    assert.equal(await owner.handOver([creation]), 'kept')
    assert.equal(await owner.settle(creation, POSITION), 'settled')
  })

  test('that has run out is still good while nobody has taken over', async () => {
    const owner = await open()
    const creation = creationOf(newOrderId())
    await owner.reserve(creation)
    await endLeases(schema)
    assert.equal(await owner.reserve(creationOf(newOrderId())), 'reserved')
    assert.equal(await owner.renewLease(), true)
    const other = await open()
    assert.deepEqual(await other.takeOverPending(LIMIT, FROM_ALL), [])
    assert.equal(await owner.settle(creation, POSITION), 'settled')
  })

  test('is taken from by two successors at once without taking anything twice', async () => {
    const owner = await open()
    const creations = Array.from({ length: LIMIT }, (_, index) => ({
      ...creationOf(newOrderId()),
      producer: { id: 4_001 + (index % 3), epoch: index % 2 },
    }))
    await Promise.all(creations.map((creation) => owner.reserve(creation)))
    await endLeases(schema)
    const successors = [await open(), await open()]
    const taken: PendingEvent[] = []
    async function takeAll(successor: BatchedStore): Promise<void> {
      for (;;) {
        const pending = await successor.takeOverPending(7, FROM_ALL)
        if (pending.length === 0) return
        taken.push(...pending)
      }
    }
    await Promise.all(successors.map(takeAll))
    assert.equal(taken.length, LIMIT)
    assert.deepEqual(new Set(taken), new Set(creations))
    assert.deepEqual(await owner.listPending(LIMIT), creations)
  })

  test('is given back at the end of an instance that leaves nothing behind', async () => {
    const clean = await open()
    const creation = creationOf(newOrderId())
    await clean.reserve(creation)
    await clean.settle(creation, POSITION)
    const unclean = await open()
    await unclean.reserve(creationOf(newOrderId()))
    await clean.close()
    await unclean.close()
    assert.deepEqual(await listInstances(), [unclean.instanceId])
  })

  test('is not taken from an instance in the middle of a reservation', async () => {
    const owner = await open()
    const other = await open()
    await endLeases(schema)
    await other.renewLease()
    const reservation = new Client({ connectionString: schema.url() })
    await reservation.connect()
    try {
      await reservation.query('BEGIN')
      await reservation.query('SELECT FROM instances WHERE instance_id = $1 FOR KEY SHARE', [
        owner.instanceId,
      ])
      await other.takeOverPending(LIMIT, FROM_ALL)
      assert.ok((await listInstances()).includes(owner.instanceId))
    } finally {
      await reservation.end()
    }
    await other.takeOverPending(LIMIT, FROM_ALL)
    assert.deepEqual(await listInstances(), [other.instanceId])
  })

  test('that another one is fencing refuses a reservation, and leaves nothing of it', async () => {
    const owner = await open()
    const fence = new Client({ connectionString: schema.url() })
    await fence.connect()
    try {
      await fence.query('BEGIN')
      await fence.query('DELETE FROM instances WHERE instance_id = $1', [owner.instanceId])
      const reserved = owner.reserve(creationOf(newOrderId()))
      const refused = assert.rejects(reserved, { name: 'StoreError', isApplied: 'no' })
      await until(async () => (await countWaiting(schema)) === 1, 'the reservation waits')
      await fence.query('COMMIT')
      await refused
    } finally {
      await fence.end()
    }
    assert.deepEqual(await owner.listPending(LIMIT), [])
  })

  test('does not hinder another instance that reserves the same order: one of them has it', async () => {
    const [one, other] = [await open(), await open()]
    for (let round = 0; round < 50; round += 1) {
      const orderId = newOrderId()
      const results = await Promise.all([
        one.reserve(creationOf(orderId)),
        other.reserve(creationOf(orderId)),
      ])
      assert.deepEqual(results.toSorted(), ['event-pending', 'reserved'])
    }
  })

  test('does not hinder batches of the same orders the other way round', async () => {
    const [one, other] = [await open(), await open()]
    for (let round = 0; round < 5; round += 1) {
      const orderIds = Array.from({ length: 500 }, newOrderId)
      const results = await Promise.all([
        ...orderIds.map((orderId) => one.reserve(creationOf(orderId))),
        ...orderIds.toReversed().map((orderId) => other.reserve(creationOf(orderId))),
      ])
      assert.equal(results.filter((result) => result === 'reserved').length, orderIds.length)
    }
  })
})
