import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { FIRST_PLACE } from '../../src/business/stream/settled-feed.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import type { BatchedStore } from '../../src/service/storage/batched-store.ts'
import {
  type ClosedOrder,
  FIRST_CLOSED,
  type OrderRetirement,
} from '../../src/service/storage/store-retirement.ts'
import { changeOf, creationOf, newOrderId } from './order-store-events.ts'

export interface RetirementHarness {
  open(): Promise<BatchedStore>
  /** Beside it. */
  openRetirement(): Promise<OrderRetirement>
  remove(): Promise<void>
}

/** Later than whatever a test settles. */
const TOMORROW_MS = Date.now() + 86_400_000
const YESTERDAY_MS = Date.now() - 86_400_000

/** How every database takes old closed orders out, beside a store that is used. */
export function describeOrderRetirement(
  name: string,
  createHarness: () => Promise<RetirementHarness>,
): void {
  describe(`retiring orders on ${name}`, () => {
    let harness: RetirementHarness
    let store: BatchedStore
    let retirement: OrderRetirement
    let nextOffset = 0

    beforeEach(async () => {
      harness = await createHarness()
      store = await harness.open()
      retirement = await harness.openRetirement()
    })

    afterEach(async () => {
      await retirement[Symbol.asyncDispose]()
      await store.close()
      await harness.remove()
    })

    async function settle(pending: PendingEvent): Promise<void> {
      assert.equal(await store.reserve(pending), 'reserved')
      nextOffset += 1
      await store.settle(pending, { partition: pending.partition, offset: nextOffset })
    }

    async function close(status: 'delivered' | 'cancelled' = 'delivered'): Promise<OrderId> {
      const orderId = newOrderId()
      await settle(creationOf(orderId))
      await settle(changeOf(orderId, 2, status))
      return orderId
    }

    async function findClosed(beforeMs = TOMORROW_MS, limit = 100): Promise<ClosedOrder[]> {
      const orders: ClosedOrder[] = []
      let place: typeof FIRST_CLOSED | undefined = FIRST_CLOSED
      while (place !== undefined) {
        const page = await retirement.findClosed(beforeMs, place, limit)
        for (const { orderId, version } of page.orders) orders.push({ orderId, version })
        place = page.next
      }
      return orders
    }

    async function readVersions(orderId: OrderId, after: number): Promise<number[]> {
      const events = await retirement.readEvents(orderId, after)
      return events.map(({ event }) => event.version)
    }

    it('finds closed orders that are old and have nothing pending, page by page', async () => {
      const closed = [await close(), await close('cancelled'), await close()]
      const open = newOrderId()
      await settle(creationOf(open))
      const pending = await close()
      await store.reserve(changeOf(pending, 3, 'cancelled'))
      assert.deepEqual(await findClosed(YESTERDAY_MS), [])
      const found = await findClosed(TOMORROW_MS, 1)
      assert.deepEqual(new Set(found.map(({ orderId }) => orderId)), new Set(closed))
      assert.ok(found.every(({ version }) => version === 2))
    })

    it('reads a long history in pages', async () => {
      const orderId = newOrderId()
      await settle(creationOf(orderId))
      for (let version = 2; version <= 60; version += 1) {
        await settle(changeOf(orderId, version, 'shipped'))
      }
      const versions: number[] = []
      for (let page = await readVersions(orderId, 0); page.length > 0;) {
        assert.ok(page.length <= 50)
        versions.push(...page)
        page = await readVersions(orderId, page.at(-1) ?? 0)
      }
      assert.deepEqual(
        versions,
        Array.from({ length: 60 }, (_, index) => index + 1),
      )
    })

    it('takes whole orders out, and their ids stay taken', async () => {
      const retired = await close()
      const kept = newOrderId()
      await settle(creationOf(kept))
      assert.deepEqual(await readVersions(retired, 0), [1, 2])
      assert.deepEqual(await readVersions(retired, 1), [2])
      assert.deepEqual(await readVersions(retired, 2), [])
      assert.equal(await retirement.retire([{ orderId: retired, version: 2 }]), 1)
      assert.equal(await store.findOrder(retired), undefined)
      assert.deepEqual(await store.listEvents(retired, 0, 10), [])
      assert.deepEqual(
        (await store.listOrders({ limit: 10 })).map(({ order }) => order.orderId),
        [kept],
      )
      const told = await store.listSettled(FIRST_PLACE, 10)
      assert.deepEqual(
        told.map(({ order }) => order.orderId),
        [kept],
      )
      assert.equal(await store.reserve(creationOf(retired)), 'order-exists')
      // Of a caller that had read the order before.
      assert.equal(await store.reserve(changeOf(retired, 3, 'shipped')), 'version-moved')
      assert.deepEqual(await findClosed(), [])
    })

    it('hides no later event from readers, and shows none of another order, after the last was retired', async () => {
      const retired = await close()
      const place = await store.findLastPlace()
      const found = await findClosed()
      await retirement.retire(found)
      const later = newOrderId()
      await settle(creationOf(later))
      const told = await store.listSettled(place, 10)
      assert.deepEqual(
        told.map(({ order }) => order.orderId),
        [later],
      )
      await retirement.retire([{ orderId: retired, version: 2 }])
      assert.deepEqual(await store.listEvents(retired, 0, 10), [])
      assert.equal(await store.findEvent(retired, 1), undefined)
    })

    it('notes the last place of what it takes out, for readers that are behind it', async () => {
      const [earlier, later] = [await close(), await close()]
      await settle(creationOf(newOrderId()))
      const last = (await store.listSettled(FIRST_PLACE, 10))[3]
      assert.equal(last?.order.orderId, later)
      assert.deepEqual(await store.findRetiredPlace(), FIRST_PLACE)
      await retirement.retire([{ orderId: later, version: 2 }])
      assert.deepEqual(await store.findRetiredPlace(), last.place)
      await retirement.retire([{ orderId: earlier, version: 2 }])
      assert.deepEqual(await store.findRetiredPlace(), last.place)
    })

    it('leaves an order that was changed since it was found, or is about to be', async () => {
      const [changed, pending] = [await close(), await close()]
      await settle(changeOf(changed, 3, 'delivered'))
      await store.reserve(changeOf(pending, 3, 'delivered'))
      const found = [changed, pending].map((orderId) => ({ orderId, version: 2 }))
      assert.equal(await retirement.retire(found), 0)
      assert.equal((await store.findOrder(changed))?.version, 3)
      assert.equal((await store.findOrder(pending))?.version, 2)
    })
  })
}
