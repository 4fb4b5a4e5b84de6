import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Client } from 'pg'

import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { OrderId } from '../../../src/models/order.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { creationOf } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { until } from '../../support/until.ts'
import { countWaiting, openStore } from './postgres-store.ts'

describe('idempotency keys of instances on PostgreSQL', () => {
  let schema: TestSchema
  let stores: readonly BatchedStore[]

  beforeEach(async () => {
    schema = await createTestSchema()
    stores = [await openStore(schema), await openStore(schema)]
  })

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await schema.drop()
  })

  test('that cross each other on crossing orders hold nobody up, and each is used once', async () => {
    const [one, other] = stores
    assert.ok(one && other)
    await using starter = await openStarter(schema)
    for (let round = 0; round < 5; round += 1) {
      await starter.hold()
      const numbers = Array.from({ length: 200 }, (_, number) => number)
      const calls: readonly Promise<unknown>[] = numbers.flatMap((number) => {
        const [key, crossing] = [`key-${round}-${number}`, `key-${round}-${199 - number}`]
        return [
          one.reserve(keyedOf(orderOf(`${round}-one-`, number), key)),
          one.reserve(creationOf(orderOf(`${round}-innocent-`, number))),
          other.reserve(keyedOf(orderOf(`${round}-other-`, number), crossing)),
        ]
      })
      await until(async () => (await countWaiting(schema)) === 2, 'both wait')
      await starter.release()
      const results = await Promise.all(calls)
      assert.equal(results.filter((result) => result === 'reserved').length, 400)
      assert.equal(results.filter((result) => result === 'key-used').length, 200)
    }
    const pending = await one.listPending(5_000)
    const used = pending.flatMap(({ retryKey }) => retryKey?.idempotencyKey ?? [])
    assert.equal(used.length, 1_000)
    assert.equal(new Set(used).size, 1_000)
  })
})

/** The first statements that store an event are rolled back, as in a deadlock. */
const STAND_IN_THE_WAY = (times: number) => `
  CREATE SEQUENCE attempts;
  CREATE FUNCTION stand_in_the_way() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  BEGIN
    IF nextval('attempts') <= ${times} THEN
      RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
    END IF;
    RETURN NULL;
  END
  $$;
  CREATE TRIGGER stand_in_the_way BEFORE INSERT ON order_events
  FOR EACH STATEMENT EXECUTE FUNCTION stand_in_the_way()`

test('what PostgreSQL has rolled back for another transaction is repeated, and not for ever', async () => {
  for (const times of [2, 3]) {
    await using schema = await createTestSchema()
    const store = await openStore(schema)
    await schema.sql(STAND_IN_THE_WAY(times))
    const creations = ['a', 'b'].map((id) => creationOf(id as OrderId))
    const results = await Promise.allSettled(creations.map((creation) => store.reserve(creation)))
    const listed = await store.listPending(10)
    await store.close()
    const isDone = times === 2
    assert.deepEqual(listed, isDone ? creations : [])
    for (const result of results) {
      if (isDone) assert.deepEqual(result, { status: 'fulfilled', value: 'reserved' })
      else assert.equal(result.status === 'rejected' && result.reason.isApplied, 'no')
    }
  }
})

/** An order id that sorts by its number: an instance stores a batch in the order of these. */
function orderOf(prefix: string, number: number): OrderId {
  return `${prefix}${String(number).padStart(4, '0')}` as OrderId
}

function keyedOf(orderId: OrderId, idempotencyKey: string): PendingEvent {
  return { ...creationOf(orderId), retryKey: { idempotencyKey, fingerprint: idempotencyKey } }
}

/** Holds every reservation up, so that those of both instances begin at one instant. */
async function openStarter(schema: TestSchema) {
  const client = new Client({ connectionString: schema.url() })
  await client.connect()
  return {
    hold: () => client.query('BEGIN; SELECT FROM instances FOR UPDATE'),
    release: () => client.query('COMMIT'),
    [Symbol.asyncDispose]: () => client.end(),
  }
}
