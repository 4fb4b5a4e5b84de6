import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { OrderStore, RetryKeyStore } from '../../src/business/ports.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { changeOf, creationOf, newOrderId } from './order-store-events.ts'

export interface RetryKeysHarness {
  open(): Promise<OrderStore & RetryKeyStore>
  remove(): Promise<void>
}

const FINGERPRINT = 'f'.repeat(64)

function keyed(pending: PendingEvent, idempotencyKey: string): PendingEvent {
  return { ...pending, retryKey: { idempotencyKey, fingerprint: FINGERPRINT } }
}

/** What every adapter has to do that knows requests by key. */
export function describeRetryKeys(
  name: string,
  createHarness: () => Promise<RetryKeysHarness>,
): void {
  describe(`retry keys on ${name}`, () => {
    let harness: RetryKeysHarness
    let store: OrderStore & RetryKeyStore
    let nextOffset = 0

    beforeEach(async () => {
      harness = await createHarness()
      store = await harness.open()
    })

    afterEach(async () => {
      await store.close()
      await harness.remove()
    })

    async function settle(pending: PendingEvent): Promise<void> {
      assert.equal(await store.reserve(pending), 'reserved')
      nextOffset += 1
      assert.equal(await store.settle(pending, { partition: 2, offset: nextOffset }), 'settled')
    }

    function find(idempotencyKey: string, fingerprint = FINGERPRINT) {
      return store.findKeyedChange({ idempotencyKey, fingerprint })
    }

    it('tells what a key belongs to, from the reservation on', async () => {
      const creation = keyed(creationOf(newOrderId()), 'k-1')
      assert.equal(await find('k-1'), undefined)
      await store.reserve(creation)
      const expected = { order: creation.event.order, version: 1 }
      assert.deepEqual(await find('k-1'), { ...expected, isSettled: false })
      assert.deepEqual(await store.listPending(10), [creation])
      await store.settle(creation, { partition: 2, offset: 1 })
      assert.deepEqual(await find('k-1'), { ...expected, isSettled: true })
      assert.equal(await find('K-1'), undefined)
      assert.equal(await find('k-1', 'e'.repeat(64)), 'other-request')
    })

    it('tells many who ask together, each by its own fingerprint', async () => {
      await settle(keyed(creationOf(newOrderId()), 'k-1'))
      const fingerprints = [FINGERPRINT, 'e'.repeat(64), FINGERPRINT]
      const answers = await Promise.all(fingerprints.map((one) => find('k-1', one)))
      assert.deepEqual(
        answers.map((answer) => (typeof answer === 'object' ? answer.version : answer)),
        [1, 'other-request', 1],
      )
    })

    it('tells the order as it was after that change, whatever came later', async () => {
      const orderId = newOrderId()
      await settle(keyed(creationOf(orderId), 'k-1'))
      await settle(keyed(changeOf(orderId, 2, 'shipped'), 'k-2'))
      const [first, second] = [await find('k-1'), await find('k-2')]
      assert.ok(typeof first === 'object' && typeof second === 'object')
      assert.deepEqual([first.order.status, second.order.status], ['pending', 'shipped'])
      assert.equal(second.version, 2)
    })

    it('lets a key be used once, pending or settled, before anything else is looked at', async () => {
      const orderId = newOrderId()
      await store.reserve(keyed(creationOf(orderId), 'k-1'))
      assert.equal(await store.reserve(keyed(creationOf(newOrderId()), 'k-1')), 'key-used')
      assert.equal(await store.reserve(keyed(creationOf(orderId), 'k-1')), 'key-used')
      assert.equal(await store.reserve(keyed(creationOf(orderId), 'k-2')), 'event-pending')
    })

    it('lets one of many parallel reservations with one key through', async () => {
      const creations = Array.from({ length: 50 }, () => keyed(creationOf(newOrderId()), 'k-1'))
      const results = await Promise.all(creations.map((creation) => store.reserve(creation)))
      assert.equal(results.filter((result) => result === 'reserved').length, 1)
      assert.equal(results.filter((result) => result === 'key-used').length, 49)
    })

    it('frees the key with the event that is discarded', async () => {
      const creation = keyed(creationOf(newOrderId()), 'k-1')
      await store.reserve(creation)
      await store.discard(creation)
      assert.equal(await find('k-1'), undefined)
      assert.equal(await store.reserve(keyed(creationOf(newOrderId()), 'k-1')), 'reserved')
    })

    it('forgets the keys of events settled long enough ago, and nothing else', async () => {
      const orderIds = [newOrderId(), newOrderId(), newOrderId()] as const
      for (const [index, orderId] of orderIds.entries()) {
        await settle(keyed(creationOf(orderId), `k-${index}`))
      }
      await store.reserve(keyed(changeOf(orderIds[0], 2, 'shipped'), 'pending'))
      assert.equal(await store.forgetKeys(3_600_000, 10), 0)
      // The database's clock has gone on since they were settled, or stands where they were.
      assert.equal(await store.forgetKeys(-60_000, 2), 2)
      assert.equal(await store.forgetKeys(-60_000, 10), 1)
      assert.equal(await find('k-1'), undefined)
      const pending = await find('pending')
      assert.ok(typeof pending === 'object')
      assert.equal(pending.isSettled, false)
      assert.equal((await store.findOrder(orderIds[1]))?.version, 1)
    })
  })
}
