import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { FIRST_PLACE } from '../../src/business/stream/settled-feed.ts'
import type { PendingEvent, RetryKey } from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import type { BatchedStore } from '../../src/service/storage/batched-store.ts'
import { toEventRow } from '../../src/service/storage/order-row.ts'
import type {
  ImportChoice,
  ImportedEvent,
  ImportReport,
  StoreImport,
} from '../../src/service/storage/store-import.ts'
import { changeOf, creationOf, newOrderId } from './order-store-events.ts'

export interface ImportHarness {
  open(maxItemsPerOrder?: number): Promise<BatchedStore>
  /** Of the same store, which is closed. */
  openImport(): Promise<StoreImport>
  remove(): Promise<void>
}

const LOST: ImportChoice = { isRestored: false, endSum: 1_000 }

/** As the topic has it. */
function onTopic(pending: PendingEvent, offset: number, timeMs = offset): ImportedEvent {
  return { ...toEventRow(pending), time: timeMs, offset, settledAt: 1_000 + offset }
}

function keyed(name: string): { retryKey: RetryKey } {
  return { retryKey: { idempotencyKey: `${name}-${randomUUID()}`, fingerprint: 'f'.repeat(64) } }
}

/** What every database has to do with the events of a topic that a store is completed from. */
export function describeStoreImport(
  name: string,
  createHarness: () => Promise<ImportHarness>,
): void {
  describe(`completing a store from the topic on ${name}`, () => {
    let harness: ImportHarness
    let opened: BatchedStore | undefined

    beforeEach(async () => {
      harness = await createHarness()
    })

    afterEach(async () => {
      await close()
      await harness.remove()
    })

    async function open(maxItemsPerOrder?: number): Promise<BatchedStore> {
      opened ??= await harness.open(maxItemsPerOrder)
      return opened
    }

    async function close(): Promise<void> {
      await opened?.close()
      opened = undefined
    }

    async function complete(
      events: readonly ImportedEvent[],
      choice = LOST,
      commits = true,
    ): Promise<ImportReport> {
      await close()
      await using store = await harness.openImport()
      await store.stage(events)
      const report = await store.complete(choice)
      if (commits) await store.commit()
      return report
    }

    async function settle(pending: PendingEvent, offset: number): Promise<void> {
      const store = await open()
      assert.equal(await store.reserve(pending), 'reserved')
      const position = { partition: pending.partition, offset }
      assert.equal(await store.settle(pending, position), 'settled')
    }

    async function versionsOf(orderId: OrderId): Promise<number[]> {
      const events = await (await open()).listEvents(orderId, 0, 100)
      return events.map(({ version }) => version)
    }

    it('fills an empty one, tells each order by its versions, and gives none out again', async () => {
      const orderId = newOrderId()
      const moved = { ...changeOf(orderId, 2, 'confirmed'), partition: 0 }
      const other = creationOf(newOrderId())
      // The change stands in another partition and is dated before the creation.
      const report = await complete(
        [onTopic(moved, 3, 1), onTopic(creationOf(orderId), 7, 5)].concat(onTopic(other, 8, 3)),
      )
      assert.deepEqual([report.importedCount, report.orderCount, report.conflictCount], [3, 2, 0])
      const store = await open()
      assert.equal((await store.findOrder(orderId))?.order.status, 'confirmed')
      assert.deepEqual(await versionsOf(orderId), [1, 2])
      const told = await store.listSettled(FIRST_PLACE, 100)
      assert.deepEqual(
        told.map(({ order, version }) => [order.orderId, version]),
        [
          [other.event.order.orderId, 1],
          [orderId, 1],
          [orderId, 2],
        ],
      )
      const found = await store.findEvent(orderId, 2)
      assert.deepEqual(found?.position, { partition: 0, offset: 3 })
      assert.deepEqual(found.encoded, moved.encoded)
      assert.equal(await store.reserve(creationOf(orderId)), 'order-exists')
      assert.equal(await store.reserve(changeOf(orderId, 2, 'shipped')), 'version-moved')
      await settle(changeOf(orderId, 3, 'shipped'), 9)
      const last = (await store.listSettled(FIRST_PLACE, 100)).at(-1)
      assert.equal(last?.version, 3)
    })

    it('gives readers that go on after a place of the lost store every event', async () => {
      const lost = [creationOf(newOrderId()), creationOf(newOrderId())]
      for (const [offset, pending] of lost.entries()) await settle(pending, offset)
      const place = await (await open()).findLastPlace()
      await close()
      await harness.remove()
      harness = await createHarness()
      await complete(
        lost.map((pending, offset) => onTopic(pending, offset)),
        { isRestored: false, endSum: lost.length },
      )
      assert.equal((await (await open()).listSettled(place, 100)).length, lost.length)
    })

    it('keeps what an older one has, settles what was pending and drops what the topic has not', async () => {
      const [settled, published, discarded] = [newOrderId(), newOrderId(), newOrderId()]
      const known = { ...creationOf(settled), ...keyed('known') }
      await settle(known, 0)
      const pending = { ...creationOf(published), ...keyed('pending') }
      await (await open()).reserve(pending)
      await (await open()).reserve({ ...creationOf(discarded), ...keyed('discarded') })
      const report = await complete([
        onTopic(known, 0),
        onTopic(pending, 1),
        onTopic(pending, 4),
        onTopic(changeOf(settled, 2, 'shipped'), 2),
        onTopic(changeOf(published, 2, 'shipped'), 3),
      ])
      assert.deepEqual(
        [report.importedCount, report.pendingSettledCount, report.pendingDroppedCount],
        [3, 1, 1],
      )
      const store = await open()
      assert.deepEqual(await versionsOf(settled), [1, 2])
      assert.deepEqual(await versionsOf(published), [1, 2])
      assert.equal((await store.findEvent(published, 1))?.position.offset, 1)
      for (const { retryKey } of [known, pending]) {
        const change = await store.findKeyedChange(retryKey)
        assert.ok(typeof change === 'object' && change.isSettled)
      }
      assert.equal(await store.findOrder(discarded), undefined)
      assert.deepEqual(await store.listPending(10), [])
    })

    it('leaves what is pending in one that lacks nothing, but not in a restored one', async () => {
      const pending = creationOf(newOrderId())
      await settle(creationOf(newOrderId()), 0)
      await (await open()).reserve(pending)
      const current = await complete([onTopic(pending, 1)])
      assert.deepEqual([current.importedCount, current.pendingDroppedCount], [0, 0])
      assert.equal((await (await open()).listPending(10)).length, 1)
      const restored = await complete([], { ...LOST, isRestored: true })
      assert.deepEqual([restored.importedCount, restored.pendingDroppedCount], [0, 1])
      assert.equal((await (await open()).listPending(10)).length, 0)
    })

    it('knows how many items an order may have: the most that was allowed, or imported', async () => {
      assert.equal((await open(100)).size.itemsMax, 100)
      await close()
      assert.equal((await open(50)).size.itemsMax, 100)
      const large = creationOf(newOrderId())
      const item = { itemId: 'ITEM-1', quantity: 1, priceMinor: 1 }
      const order = { ...large.event.order, items: Array.from({ length: 120 }, () => item) }
      await complete([onTopic({ ...large, event: { ...large.event, order } }, 1)])
      assert.equal((await open(1)).size.itemsMax, 120)
    })

    it('names versions that were given out twice, and changes nothing', async () => {
      const orderId = newOrderId()
      await settle(creationOf(orderId), 0)
      const twice = newOrderId()
      const report = await complete([
        onTopic(creationOf(orderId), 1),
        onTopic(creationOf(twice), 2),
        onTopic(creationOf(twice), 3),
      ])
      assert.equal(report.conflictCount, 2)
      assert.deepEqual(
        new Set(report.conflicts.map((conflict) => conflict.orderId)),
        new Set([orderId, twice]),
      )
      assert.equal(await (await open()).findOrder(twice), undefined)
      assert.deepEqual(await versionsOf(orderId), [1])
    })

    it('keeps nothing that is not committed', async () => {
      const orderId = newOrderId()
      const report = await complete([onTopic(creationOf(orderId), 0)], LOST, false)
      assert.equal(report.importedCount, 1)
      assert.equal(await (await open()).findOrder(orderId), undefined)
    })

    it('takes an order whose first events are gone', async () => {
      const orderId = newOrderId()
      await complete([
        onTopic(changeOf(orderId, 5, 'shipped'), 4),
        onTopic(changeOf(orderId, 7, 'delivered'), 9),
      ])
      assert.deepEqual(await versionsOf(orderId), [5, 7])
      await settle(changeOf(orderId, 8, 'cancelled'), 10)
      assert.deepEqual(await versionsOf(orderId), [5, 7, 8])
    })
  })
}
