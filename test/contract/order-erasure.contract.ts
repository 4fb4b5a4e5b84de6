import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { OrderStore } from '../../src/business/ports.ts'
import { FIRST_PLACE } from '../../src/business/stream/settled-feed.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { NOBODY, type OrderId } from '../../src/models/order.ts'
import type { BatchedStore } from '../../src/service/storage/batched-store.ts'
import { toEventRow } from '../../src/service/storage/order-row.ts'
import type { StoreImport } from '../../src/service/storage/store-import.ts'
import { changeOf, creationOf, FROM_ALL, newOrderId } from './order-store-events.ts'

export interface ErasureHarness {
  open(): Promise<BatchedStore>
  /** Another instance; the former one is gone. */
  openSuccessor(): Promise<OrderStore>
  /** Of the same store, which is closed. */
  openImport(): Promise<StoreImport>
  remove(): Promise<void>
}

const CUSTOMER = 'CUST-1234'

/** The last event of an order. */
function erasureOf(orderId: OrderId, version: number): PendingEvent {
  const change = changeOf(orderId, version, 'delivered')
  const order = { ...change.event.order, customerId: NOBODY }
  return { ...change, event: { ...change.event, order } }
}

/** A creation whose request brought all that may be of a person. */
function personalCreationOf(orderId: OrderId) {
  const creation = creationOf(orderId)
  return {
    ...creation,
    encoded: { ...creation.encoded, key: new TextEncoder().encode('a key of old') },
    event: { ...creation.event, principal: 'user:jane@example.org' },
    retryKey: { idempotencyKey: `user:jane ${randomUUID()}`, fingerprint: 'f'.repeat(64) },
  }
}

/** How every database forgets whose an order was. */
export function describeOrderErasure(
  name: string,
  createHarness: () => Promise<ErasureHarness>,
): void {
  describe(`erasing whose an order is on ${name}`, () => {
    let harness: ErasureHarness
    let store: BatchedStore
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
      const position = { partition: pending.partition, offset: nextOffset }
      assert.equal(await store.settle(pending, position), 'settled')
    }

    /** Nothing that is read of the order names the customer, and all of its events are there. */
    async function assertErased(orderId: OrderId): Promise<void> {
      const found = await store.findOrder(orderId)
      assert.deepEqual([found?.version, found?.order.customerId], [3, NOBODY])
      assert.equal(found?.order.items.length, 2)
      assert.deepEqual(await store.listOrders({ customerId: CUSTOMER, limit: 10 }), [])
      const events = await store.listEvents(orderId, 0, 10)
      assert.deepEqual(
        events.map(({ version, status }) => [version, status]),
        [
          [1, 'pending'],
          [2, 'delivered'],
          [3, 'delivered'],
        ],
      )
      for (const { order } of await store.listSettled(FIRST_PLACE, 10)) {
        assert.equal(order.customerId, NOBODY)
      }
      const [first, , last] = await Promise.all(
        events.map(({ version }) => store.findEvent(orderId, version)),
      )
      assert.equal(first?.encoded.value.length, 0)
      assert.equal(first.event.principal, undefined)
      assert.deepEqual(last?.encoded.value, erasureOf(orderId, 3).encoded.value)
    }

    it('takes the customer out of the order and its earlier events when the last is settled', async () => {
      const orderId = newOrderId()
      const creation = personalCreationOf(orderId)
      await settle(creation)
      await settle(changeOf(orderId, 2, 'delivered'))
      const erasure = erasureOf(orderId, 3)
      await store.reserve(erasure)
      assert.equal((await store.findOrder(orderId))?.order.customerId, CUSTOMER)
      const position = { partition: 2, offset: 90 }
      assert.equal(await store.settle(erasure, position), 'settled')
      assert.equal(await store.settle(erasure, position), 'settled-before')
      await assertErased(orderId)
      assert.equal(await store.findKeyedChange(creation.retryKey), undefined)
      // Where its records stand is not whose it was.
      const keys = await store.listRecordKeys(orderId)
      const texts = keys.map(({ key }) => Buffer.from(key).toString())
      assert.deepEqual(new Set(texts), new Set(['a key of old', orderId]))
      assert.equal(await store.reserve(creationOf(orderId)), 'order-exists')
    })

    it('leaves other orders of the customer as they are', async () => {
      const [erased, kept] = [newOrderId(), newOrderId()]
      for (const orderId of [erased, kept]) await settle(creationOf(orderId))
      await settle(erasureOf(erased, 2))
      const found = await store.listOrders({ customerId: CUSTOMER, limit: 10 })
      assert.deepEqual(
        found.map(({ order }) => order.orderId),
        [kept],
      )
      const event = await store.findEvent(kept, 1)
      assert.deepEqual(event?.encoded, creationOf(kept).encoded)
    })

    it('does it as well when another instance settles what a dead one has left', async () => {
      const orderId = newOrderId()
      await settle(personalCreationOf(orderId))
      await settle(changeOf(orderId, 2, 'delivered'))
      await store.reserve(erasureOf(orderId, 3))
      const successor = await harness.openSuccessor()
      const [taken] = await successor.takeOverPending(10, FROM_ALL)
      const position = { partition: 2, offset: 90 }
      assert.equal(await successor.settle(taken ?? assert.fail(), position), 'settled')
      await successor.close()
      await assertErased(orderId)
    })

    it('does it for events that a rebuild brings back', async () => {
      const orderId = newOrderId()
      const events = [
        personalCreationOf(orderId),
        changeOf(orderId, 2, 'delivered'),
        erasureOf(orderId, 3),
      ]
      await store.close()
      {
        await using importing = await harness.openImport()
        await importing.stage(
          events.map((pending, offset) => {
            return { ...toEventRow(pending), offset, settledAt: 1_000 + offset }
          }),
        )
        await importing.complete({ isRestored: false, endSum: 3 })
        await importing.commit()
      }
      store = await harness.open()
      await assertErased(orderId)
    })

    it('keeps the id taken of an order of which a rebuild finds a tombstone alone', async () => {
      const [known, gone] = [newOrderId(), newOrderId()]
      await settle(creationOf(known))
      await store.close()
      {
        await using importing = await harness.openImport()
        await importing.stageTombstones([known, gone])
        await importing.stageTombstones([gone])
        const { takenIdCount } = await importing.complete({ isRestored: false, endSum: 3 })
        assert.equal(takenIdCount, 1)
        await importing.commit()
      }
      store = await harness.open()
      assert.equal(await store.findOrder(gone), undefined)
      assert.equal(await store.reserve(creationOf(gone)), 'order-exists')
      assert.equal((await store.findOrder(known))?.version, 1)
      assert.equal((await store.listOrders({ limit: 10 })).length, 1)
    })
  })
}
