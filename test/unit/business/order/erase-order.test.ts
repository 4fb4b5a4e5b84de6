import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { changeOrderStatus } from '../../../../src/business/order/change-order-status.ts'
import { eraseOrder, type EraseDeps } from '../../../../src/business/order/erase-order.ts'
import type { RecordKey } from '../../../../src/models/order-event.ts'
import type { OrderStatus } from '../../../../src/models/order.ts'
import { ACKED, ORDER_ID, PUBLISH_TIMEOUT_MS, setUpUseCases } from '../../../support/use-cases.ts'

async function setUp(t: TestContext) {
  const setting = await setUpUseCases(t)
  const written: (readonly RecordKey[])[] = []
  const kafka = { isAway: false }
  const deps: EraseDeps = {
    ...setting.deps,
    statusPolicy: 'any',
    reader: setting.store,
    writeTombstones: async (_orderId, keys) => {
      if (kafka.isAway) throw new Error('not acknowledged')
      written.push(keys)
      return 'written'
    },
  }
  return {
    ...setting,
    deps,
    written,
    kafka,
    become: (status: OrderStatus) => changeOrderStatus(deps, { orderId: ORDER_ID, status }),
    erase: () => eraseOrder(deps, { orderId: ORDER_ID }),
  }
}

test('an erased order has a last event without its customer, tombstones, and takes no change', async (t) => {
  const { create, become, erase, published, written } = await setUp(t)
  await create(undefined)
  await become('delivered')
  const { order, version, tombstone } = await erase()
  assert.deepEqual([order.customerId, order.status, version], ['', 'delivered', 3])
  assert.equal(order.items.length, 2)
  assert.equal(tombstone, 'written')
  assert.deepEqual(written, [
    [{ topic: 'orders', partition: 0, key: new Uint8Array(Buffer.from(ORDER_ID)) }],
  ])
  assert.equal(published.length, 3)
  await assert.rejects(become('shipped'), { code: 'STATUS_TRANSITION_NOT_ALLOWED' })
  await assert.rejects(become('delivered'), { code: 'STATUS_TRANSITION_NOT_ALLOWED' })
})

test('an open order is not erased, and one that is not there neither', async (t) => {
  const { create, become, erase, published } = await setUp(t)
  await assert.rejects(erase(), { code: 'ORDER_NOT_FOUND' })
  await create(undefined)
  await become('shipped')
  await assert.rejects(erase(), { code: 'ORDER_STILL_OPEN' })
  assert.equal(published.length, 2)
})

test('a tombstone that was not written is not known, and the same again writes it without an event', async (t) => {
  const { create, become, erase, published, written, kafka } = await setUp(t)
  await create(undefined)
  await become('cancelled')
  kafka.isAway = true
  await assert.rejects(erase(), { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  kafka.isAway = false
  const { version } = await erase()
  assert.equal(version, 3)
  assert.equal(published.length, 3)
  assert.equal(written.length, 1)
})

test('keys that the store tells too late are not written for, and it is the store that is named', async (t) => {
  const { create, become, deps, erase, clock, written } = await setUp(t)
  await create(undefined)
  await become('cancelled')
  const keys = Promise.withResolvers<readonly RecordKey[]>()
  const reader: EraseDeps['reader'] = {
    listRecordKeys(_orderId, beginByMs) {
      assert.equal(beginByMs, PUBLISH_TIMEOUT_MS)
      return keys.promise
    },
  }
  Object.assign(deps, { reader })
  const answer = assert.rejects(erase(), { code: 'STORE_UNAVAILABLE', outcome: 'unknown' })
  await clock.runUntil(() => clock.monotonicMs() >= PUBLISH_TIMEOUT_MS)
  await answer
  keys.resolve([])
  await setImmediate()
  assert.deepEqual(written, [])
})

test('a bug in the look for the keys is told as one, and not as a failure of Kafka', async (t) => {
  const { create, become, deps, erase } = await setUp(t)
  await create(undefined)
  await become('cancelled')
  const bug = new TypeError('not a function')
  Object.assign(deps, { reader: { listRecordKeys: () => Promise.reject(bug) } })
  await assert.rejects(erase(), bug)
})

test('an erasure whose client leaves while it waits for its turn is not begun', async (t) => {
  const { create, become, deps, clock, published, answerWith } = await setUp(t)
  await create(undefined)
  const acked = Promise.withResolvers<typeof ACKED>()
  answerWith(() => acked.promise)
  const first = become('delivered')
  await clock.runUntil(() => published.length === 2, 1)
  const leaving = new AbortController()
  const erasing = eraseOrder(deps, { orderId: ORDER_ID, leaving: () => leaving.signal })
  const answer = assert.rejects(erasing, { code: 'CHANGE_IN_FLIGHT' })
  await setImmediate()
  leaving.abort()
  await answer
  acked.resolve({ ...ACKED, position: { partition: 0, offset: 9 } })
  await first
  assert.equal(published.length, 2)
})

test('no tombstone comes before the last event is settled', async (t) => {
  const { create, become, erase, answerWith, clock, written } = await setUp(t)
  await create(undefined)
  await become('delivered')
  const resolution = Promise.withResolvers<typeof ACKED>()
  answerWith(async () => ({ kind: 'in-doubt', resolution: resolution.promise }))
  await assert.rejects(erase(), { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  assert.equal(written.length, 0)
  const again = erase()
  resolution.resolve({ ...ACKED, position: { partition: 0, offset: 9 } })
  await clock.runUntil(() => written.length === 1)
  assert.equal((await again).version, 3)
})
