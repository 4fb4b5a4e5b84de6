import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'

import { type OrderStore, type SchemaIdStore, StoreError } from '../../src/business/ports.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { changeOf, creationOf, FROM_ALL, newOrderId, orderOf } from './order-store-events.ts'

type Store = OrderStore & SchemaIdStore

/** One empty database, opened as often as a test wants. */
export interface StoreHarness<Opened extends Store = Store> {
  open(): Promise<Opened>
  /** Another instance, for which all others are dead: of the ones that are open no lease holds. */
  openSuccessor(): Promise<Store>
  /** After every store is closed: removes the database. */
  remove(): Promise<void>
}

export interface StoreTraits {
  readonly name: string
  /** Whether what was written is there after close and open. */
  readonly isDurable: boolean
  /** Whether several instances use it at the same time. */
  readonly isShared: boolean
}

const PARALLEL_CALLS = 1_000
const LIST_LIMIT = 100
const INT16_MAX = 32_767
const POSITION = { partition: 2, offset: 77 }

export function describeOrderStore(
  { name, isDurable, isShared }: StoreTraits,
  createHarness: () => Promise<StoreHarness>,
): void {
  describe(`order store on ${name}`, () => {
    let harness: StoreHarness
    let store: Store

    beforeEach(async () => {
      harness = await createHarness()
      store = await harness.open()
    })

    afterEach(async () => {
      await store.close()
      await harness.remove()
    })

    async function settleCreation(orderId = newOrderId()): Promise<PendingEvent> {
      const creation = creationOf(orderId)
      assert.equal(await store.reserve(creation), 'reserved')
      assert.equal(await store.settle(creation, POSITION), 'settled')
      return creation
    }

    const listPending = () => store.listPending(LIST_LIMIT)

    describe('findOrder', () => {
      it('finds nothing where there was no event', async () => {
        assert.equal(await store.findOrder(newOrderId()), undefined)
      })

      it('does not show a pending creation', async () => {
        const orderId = newOrderId()
        await store.reserve(creationOf(orderId))
        assert.equal(await store.findOrder(orderId), undefined)
      })

      it('shows the order once its creation is settled', async () => {
        const { event } = await settleCreation()
        const found = await store.findOrder(event.order.orderId)
        assert.deepEqual(found, { order: event.order, version: 1 })
      })

      it('shows the state before a pending change, and the new one once it is settled', async () => {
        const orderId = newOrderId()
        await settleCreation(orderId)
        const change = changeOf(orderId, 2, 'shipped')
        await store.reserve(change)
        assert.deepEqual(await store.findOrder(orderId), { order: orderOf(orderId), version: 1 })
        await store.settle(change, { partition: 2, offset: 78 })
        const shipped = { order: orderOf(orderId, 'shipped'), version: 2 }
        assert.deepEqual(await store.findOrder(orderId), shipped)
      })

      it('keeps apart ids that differ in case or in form only', async () => {
        const { event } = await settleCreation('Ärger-1' as never)
        assert.equal(await store.findOrder('ärger-1' as never), undefined)
        assert.equal(await store.findOrder('A\u0308rger-1' as never), undefined)
        assert.deepEqual((await store.findOrder('Ärger-1' as never))?.order, event.order)
      })
    })

    describe('reserve', () => {
      it('refuses a creation whose order has a settled event', async () => {
        const orderId = newOrderId()
        await settleCreation(orderId)
        assert.equal(await store.reserve(creationOf(orderId)), 'order-exists')
        await store.reserve(changeOf(orderId, 2, 'shipped'))
        assert.equal(await store.reserve(creationOf(orderId)), 'order-exists')
      })

      it('refuses a creation whose order has a pending creation', async () => {
        const first = creationOf(newOrderId())
        await store.reserve(first)
        assert.equal(await store.reserve(creationOf(first.event.order.orderId)), 'event-pending')
        assert.deepEqual(await listPending(), [first])
      })

      it('refuses a change of an order without a settled event', async () => {
        const orderId = newOrderId()
        assert.equal(await store.reserve(changeOf(orderId, 2, 'shipped')), 'order-missing')
        const creation = creationOf(orderId)
        await store.reserve(creation)
        assert.equal(await store.reserve(changeOf(orderId, 2, 'shipped')), 'order-missing')
        assert.deepEqual(await listPending(), [creation])
      })

      it('refuses a change while another change of the order is pending', async () => {
        const orderId = newOrderId()
        await settleCreation(orderId)
        const first = changeOf(orderId, 2, 'shipped')
        await store.reserve(first)
        assert.equal(await store.reserve(changeOf(orderId, 2, 'cancelled')), 'event-pending')
        assert.equal(await store.reserve(changeOf(orderId, 3, 'cancelled')), 'event-pending')
        assert.deepEqual(await listPending(), [first])
      })

      it('refuses a change that was built on another version than the settled one', async () => {
        const orderId = newOrderId()
        await settleCreation(orderId)
        const change = changeOf(orderId, 2, 'shipped')
        await store.reserve(change)
        await store.settle(change, { partition: 2, offset: 78 })
        assert.equal(await store.reserve(changeOf(orderId, 2, 'cancelled')), 'version-moved')
        assert.equal(await store.reserve(changeOf(orderId, 4, 'cancelled')), 'version-moved')
        assert.deepEqual(await listPending(), [])
        assert.equal(await store.reserve(changeOf(orderId, 3, 'cancelled')), 'reserved')
      })

      it('lets exactly one of many parallel creations of one order through', async () => {
        const orderId = newOrderId()
        const creations = Array.from({ length: PARALLEL_CALLS }, () => creationOf(orderId))
        const results = await Promise.all(creations.map((creation) => store.reserve(creation)))
        const winners = creations.filter((_, index) => results[index] === 'reserved')
        assert.equal(winners.length, 1)
        assert.equal(results.filter((result) => result === 'event-pending').length, 999)
        assert.deepEqual(await listPending(), winners)
      })

      it('gives each of many parallel calls its own answer', async () => {
        const { event } = await settleCreation()
        const calls = Array.from({ length: PARALLEL_CALLS }, async (_, index) => {
          const isTaken = index % 3 === 0
          const orderId = isTaken ? event.order.orderId : newOrderId()
          const expected = isTaken ? 'order-exists' : 'reserved'
          assert.equal(await store.reserve(creationOf(orderId)), expected)
        })
        await Promise.all(calls)
      })

      it('rejects what only a bug can bring, and it alone', async () => {
        const good = [creationOf(newOrderId()), creationOf(newOrderId())] as const
        const bad = { ...creationOf(newOrderId()), searchFromOffset: 2 ** 53 }
        const [before, between, after] = await Promise.allSettled([
          store.reserve(good[0]),
          store.reserve(bad),
          store.reserve(good[1]),
        ])
        assert.deepEqual(before, { status: 'fulfilled', value: 'reserved' })
        assert.deepEqual(after, { status: 'fulfilled', value: 'reserved' })
        assert.equal(between.status, 'rejected')
        assert.ok(!(between.reason instanceof StoreError), 'a bug is not an outage')
        assert.deepEqual(await listPending(), good)
      })
    })

    describe('settle', () => {
      it('lets the next change of the order be reserved', async () => {
        const orderId = newOrderId()
        await settleCreation(orderId)
        assert.deepEqual(await listPending(), [])
        assert.equal(await store.reserve(changeOf(orderId, 2, 'confirmed')), 'reserved')
      })

      it('changes nothing when repeated', async () => {
        const creation = await settleCreation()
        const orderId = creation.event.order.orderId
        assert.equal(await store.settle(creation, POSITION), 'settled-before')
        assert.equal(await store.settle(creation, { partition: 0, offset: 1 }), 'settled-before')
        assert.deepEqual(await store.findOrder(orderId), { order: orderOf(orderId), version: 1 })
      })

      it('does not take an order back when an old event is settled again', async () => {
        const creation = await settleCreation()
        const orderId = creation.event.order.orderId
        const change = changeOf(orderId, 2, 'shipped')
        await store.reserve(change)
        await store.settle(change, { partition: 2, offset: 78 })
        assert.equal(await store.settle(creation, POSITION), 'settled-before')
        assert.equal((await store.findOrder(orderId))?.version, 2)
      })

      it('does not know an event that was never reserved', async () => {
        const creation = creationOf(newOrderId())
        assert.equal(await store.settle(creation, POSITION), 'not-owned')
        assert.equal(await store.findOrder(creation.event.order.orderId), undefined)
      })

      it('does not take another event of the same order and version for it', async () => {
        const orderId = newOrderId()
        const creation = creationOf(orderId)
        await store.reserve(creation)
        assert.equal(await store.settle(creationOf(orderId), POSITION), 'not-owned')
        assert.deepEqual(await listPending(), [creation])
        assert.equal(await store.findOrder(orderId), undefined)
      })

      it('is done by exactly one of many parallel calls', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        const calls = Array.from({ length: PARALLEL_CALLS }, () => store.settle(creation, POSITION))
        const results = await Promise.all(calls)
        assert.equal(results.filter((result) => result === 'settled').length, 1)
        assert.equal(results.filter((result) => result === 'settled-before').length, 999)
      })

      it('takes the largest offset that a number can say', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        const position = { partition: 0, offset: Number.MAX_SAFE_INTEGER }
        assert.equal(await store.settle(creation, position), 'settled')
      })

      it('rejects a position that is not a count, and leaves the event pending', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
          await assert.rejects(store.settle(creation, { partition: 0, offset }), /offset/)
        }
        assert.deepEqual(await listPending(), [creation])
      })
    })

    describe('discard', () => {
      it('takes a pending event back, once', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        assert.equal(await store.discard(creation), 'discarded')
        assert.equal(await store.discard(creation), 'absent')
        assert.deepEqual(await listPending(), [])
        assert.equal(await store.settle(creation, POSITION), 'not-owned')
      })

      it('frees the version', async () => {
        const orderId = newOrderId()
        const creation = creationOf(orderId)
        await store.reserve(creation)
        await store.discard(creation)
        await settleCreation(orderId)
        const change = changeOf(orderId, 2, 'shipped')
        await store.reserve(change)
        await store.discard(change)
        assert.equal(await store.reserve(changeOf(orderId, 2, 'cancelled')), 'reserved')
      })

      it('does not touch a settled event', async () => {
        const creation = await settleCreation()
        assert.equal(await store.discard(creation), 'not-owned')
        assert.equal((await store.findOrder(creation.event.order.orderId))?.version, 1)
      })

      it('does not touch another event that has the version by now', async () => {
        const orderId = newOrderId()
        const earlier = creationOf(orderId)
        await store.reserve(earlier)
        await store.discard(earlier)
        const later = creationOf(orderId)
        await store.reserve(later)
        assert.equal(await store.discard(earlier), 'absent')
        assert.deepEqual(await listPending(), [later])
      })
    })

    describe('listPending', () => {
      it('gives back exactly what was reserved', async () => {
        const plain = creationOf(newOrderId())
        const traced = creationOf(newOrderId())
        const full: PendingEvent = {
          ...traced,
          event: {
            ...traced.event,
            traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad-01',
            principal: 'user:ä',
          },
          encoded: { ...traced.encoded, value: new Uint8Array(70_000).fill(200) },
          searchFromOffset: Number.MAX_SAFE_INTEGER,
        }
        await store.reserve(plain)
        await store.reserve(full)
        const listed = await listPending()
        assert.deepEqual(listed, [plain, full])
        const event = listed[0]?.event ?? {}
        const isAbsent = !('traceparent' in event) && !('principal' in event)
        assert.ok(isAbsent, 'what was absent stays absent')
      })

      it('keeps the bytes of a view on a larger buffer', async () => {
        const buffer = Uint8Array.from({ length: 100 }, (_, index) => index)
        const creation = creationOf(newOrderId())
        const encoded = { key: buffer.subarray(3, 5), value: buffer.subarray(10, 20), schemaId: 1 }
        await store.reserve({ ...creation, encoded })
        const [listed] = await listPending()
        assert.deepEqual(listed?.encoded.key, Uint8Array.of(3, 4))
        assert.deepEqual(listed?.encoded.value, buffer.slice(10, 20))
      })

      it('lists the oldest first, whatever their ids, up to the limit', async () => {
        const events = ['m', 'z', 'a', 'k'].map((id) => creationOf(id as never))
        for (const event of events) await store.reserve(event)
        assert.deepEqual(await listPending(), events)
        assert.deepEqual(await store.listPending(2), events.slice(0, 2))
        assert.deepEqual(await store.listPending(0), [])
      })

      it('lists parallel reservations in the order of the calls', async () => {
        const events = Array.from({ length: LIST_LIMIT }, () => creationOf(newOrderId()))
        await Promise.all(events.map((event) => store.reserve(event)))
        assert.deepEqual(await listPending(), events)
      })

      it('leaves out what was settled or discarded', async () => {
        const events = [
          creationOf(newOrderId()),
          creationOf(newOrderId()),
          creationOf(newOrderId()),
        ]
        for (const event of events) await store.reserve(event)
        const [settled, kept, discarded] = events as [PendingEvent, PendingEvent, PendingEvent]
        await store.settle(settled, POSITION)
        await store.discard(discarded)
        assert.deepEqual(await listPending(), [kept])
      })
    })

    describe('an owner', () => {
      let successor: Store | undefined

      beforeEach(() => {
        successor = undefined
      })

      afterEach(() => successor?.close())

      async function succeed(): Promise<Store> {
        successor = await harness.openSuccessor()
        return successor
      }

      it('has an id of its own', async () => {
        const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
        assert.match(store.instanceId, UUID)
        assert.match((await succeed()).instanceId, UUID)
        assert.notEqual(successor?.instanceId, store.instanceId)
      })

      it('renews its lease', async () => {
        const { instanceId } = store
        assert.equal(await store.renewLease(), true)
        assert.equal(await store.renewLease(), true)
        assert.equal(store.instanceId, instanceId)
      })

      it('that was taken over from cannot renew, reserve or take over, until it joins anew', async () => {
        const { instanceId } = store
        const left = creationOf(newOrderId())
        await store.reserve(left)
        const other = await succeed()
        assert.deepEqual(await other.takeOverPending(LIST_LIMIT, FROM_ALL), [left])

        assert.equal(await store.renewLease(), false)
        const refused = { name: 'StoreError', isApplied: 'no' }
        await assert.rejects(store.reserve(creationOf(newOrderId())), refused)
        await other.reserve(creationOf(newOrderId()))
        assert.deepEqual(await store.takeOverPending(LIST_LIMIT, FROM_ALL), [])

        await store.join()
        assert.notEqual(store.instanceId, instanceId)
        assert.equal(await store.renewLease(), true)
        const creation = creationOf(newOrderId())
        assert.equal(await store.reserve(creation), 'reserved')
        assert.equal(await store.settle(left, POSITION), 'not-owned')
        assert.equal(await store.settle(creation, POSITION), 'settled')
      })

      it('that joins anew owns nothing of what it owned before', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        await store.join()
        assert.equal(await store.settle(creation, POSITION), 'not-owned')
        assert.equal(await store.discard(creation), 'not-owned')
        assert.deepEqual(await listPending(), [creation])
      })

      it('is told that an event is settled, whoever settled it', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        const other = await succeed()
        await other.takeOverPending(LIST_LIMIT, FROM_ALL)
        await other.settle(creation, POSITION)
        assert.equal(await store.settle(creation, POSITION), 'settled-before')
        assert.equal(await store.discard(creation), 'not-owned')
      })

      it('takes nothing over that is its own, settled or gone', async () => {
        await store.reserve(creationOf(newOrderId()))
        assert.deepEqual(await store.takeOverPending(LIST_LIMIT, FROM_ALL), [])
        await settleCreation()
        const discarded = creationOf(newOrderId())
        await store.reserve(discarded)
        await store.discard(discarded)
        const own = await listPending()
        assert.deepEqual(await (await succeed()).takeOverPending(LIST_LIMIT, FROM_ALL), own)
      })

      it("leaves another's events alone until it took them over", async () => {
        const creation = creationOf(newOrderId())
        const { orderId } = creation.event.order
        await store.reserve(creation)
        const other = await succeed()
        assert.equal(await other.settle(creation, POSITION), 'not-owned')
        assert.equal(await other.discard(creation), 'not-owned')
        assert.equal(await other.reserve(creationOf(orderId)), 'event-pending')
        assert.deepEqual(await other.listPending(LIST_LIMIT), [creation])
        assert.equal(await other.findOrder(orderId), undefined)
      })

      it('takes over what dead owners left, once, oldest first, up to the limit', async () => {
        const events = ['m', 'z', 'a'].map((id) => creationOf(id as never))
        for (const event of events) await store.reserve(event)
        const other = await succeed()
        assert.deepEqual(await other.takeOverPending(0, FROM_ALL), [])
        assert.deepEqual(await other.takeOverPending(2, FROM_ALL), events.slice(0, 2))
        assert.deepEqual(await other.takeOverPending(2, FROM_ALL), events.slice(2))
        assert.deepEqual(await other.takeOverPending(2, FROM_ALL), [])
        assert.deepEqual(await other.listPending(LIST_LIMIT), events)
      })

      it('settles what it took over, and its former owner does not', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        const other = await succeed()
        await other.takeOverPending(LIST_LIMIT, FROM_ALL)
        assert.equal(await store.settle(creation, POSITION), 'not-owned')
        assert.equal(await store.findOrder(creation.event.order.orderId), undefined)
        assert.equal(await other.settle(creation, POSITION), 'settled')
        assert.equal((await other.findOrder(creation.event.order.orderId))?.version, 1)
      })

      it('discards what it took over, and its former owner does not', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        const other = await succeed()
        await other.takeOverPending(LIST_LIMIT, FROM_ALL)
        assert.equal(await store.discard(creation), 'not-owned')
        assert.deepEqual(await listPending(), [creation])
        assert.equal(await other.discard(creation), 'discarded')
        assert.equal(await other.reserve(creationOf(creation.event.order.orderId)), 'reserved')
      })

      it('owns what it reserved and settled before it took anything over', async () => {
        await store.reserve(creationOf(newOrderId()))
        const other = await succeed()
        const creation = creationOf(newOrderId())
        assert.equal(await other.reserve(creation), 'reserved')
        assert.equal((await other.takeOverPending(LIST_LIMIT, FROM_ALL)).length, 1)
        assert.equal(await other.settle(creation, POSITION), 'settled')
      })

      it('takes events over with the producers that they were stored with, however often', async () => {
        const producers = [
          { id: 4_001, epoch: 0 },
          { id: 4_001, epoch: 1 },
          { id: Number.MAX_SAFE_INTEGER, epoch: INT16_MAX },
        ]
        const events = producers.map((producer) => ({ ...creationOf(newOrderId()), producer }))
        for (const event of events) await store.reserve(event)
        for (let round = 0; round < 3; round += 1) {
          assert.deepEqual(await (await succeed()).takeOverPending(LIST_LIMIT, FROM_ALL), events)
          assert.deepEqual(await listPending(), events)
          await successor?.close()
        }
      })

      it('takes over many events', async () => {
        const events = Array.from({ length: PARALLEL_CALLS }, () => creationOf(newOrderId()))
        await Promise.all(events.map((event) => store.reserve(event)))
        const other = await succeed()
        assert.deepEqual(await other.takeOverPending(PARALLEL_CALLS, FROM_ALL), events)
      })
    })

    describe('takeOverPending', () => {
      it('leaves the events of some partitions to a later call, and takes the oldest others', async () => {
        const events = [0, 1, 2, 1, 0].map((partition) => ({
          ...creationOf(newOrderId()),
          partition,
        }))
        for (const event of events) await store.reserve(event)
        await using other = disposable(await harness.openSuccessor())
        const except = { ...FROM_ALL, exceptPartitions: [0, 2] }
        assert.deepEqual(await other.store.takeOverPending(1, except), events.slice(1, 2))
        assert.deepEqual(await other.store.takeOverPending(LIST_LIMIT, except), events.slice(3, 4))
        assert.deepEqual(await other.store.takeOverPending(LIST_LIMIT, except), [])
        assert.equal(await other.store.settle(events[0] ?? assert.fail(), POSITION), 'not-owned')
        const left = [events[0], events[2], events[4]]
        assert.deepEqual(await other.store.takeOverPending(LIST_LIMIT, FROM_ALL), left)
      })

      if (isShared) return

      it('waits for no lease where no other instance can be alive', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        await using other = disposable(await harness.openSuccessor())
        const patient = { ...FROM_ALL, expiredForMs: 3_600_000 }
        assert.deepEqual(await other.store.takeOverPending(LIST_LIMIT, patient), [creation])
      })
    })

    describe('handOver', () => {
      it('keeps everything when there is nobody who could take it', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        assert.equal(await store.handOver([creation]), 'kept')
        assert.deepEqual(await store.takeOverPending(LIST_LIMIT, FROM_ALL), [])
        assert.equal(await store.settle(creation, POSITION), 'settled')
      })

      if (!isShared) return

      it('lets another instance take over although the lease of this one holds', async () => {
        const [given, kept] = [creationOf(newOrderId()), creationOf(newOrderId())]
        await store.reserve(given)
        await store.reserve(kept)
        await using other = disposable(await harness.openSuccessor())
        assert.equal(await store.renewLease(), true)
        assert.equal(await store.handOver([given]), 'handed-over')
        assert.equal(await store.settle(given, POSITION), 'not-owned')
        assert.equal(await store.discard(given), 'not-owned')
        assert.equal(await store.reserve(creationOf(given.event.order.orderId)), 'event-pending')
        assert.deepEqual(await other.store.takeOverPending(LIST_LIMIT, FROM_ALL), [given])
        assert.equal(await other.store.settle(given, POSITION), 'settled')
        assert.equal(await store.settle(given, POSITION), 'settled-before')
        assert.equal(await store.settle(kept, POSITION), 'settled')
      })

      it('gives everything up when it is done twice, and takes it back when nobody else did', async () => {
        const creation = creationOf(newOrderId())
        await store.reserve(creation)
        await using other = disposable(await harness.openSuccessor())
        await store.renewLease()
        assert.equal(await store.handOver([creation, creation]), 'handed-over')
        assert.equal(await store.handOver([creation]), 'handed-over')
        assert.equal(await other.store.renewLease(), true)
        assert.deepEqual(await store.takeOverPending(LIST_LIMIT, FROM_ALL), [creation])
        assert.equal(await store.settle(creation, POSITION), 'settled')
      })

      it('leaves alone what is not its own, settled, gone or another event by now', async () => {
        const settled = await settleCreation()
        const gone = creationOf(newOrderId())
        await store.reserve(gone)
        await store.discard(gone)
        const later = creationOf(gone.event.order.orderId)
        await store.reserve(later)
        await using other = disposable(await harness.openSuccessor())
        await store.renewLease()
        const others = creationOf(newOrderId())
        await other.store.reserve(others)
        assert.equal(await store.handOver([settled, gone, others]), 'handed-over')
        assert.deepEqual(await other.store.takeOverPending(LIST_LIMIT, FROM_ALL), [])
        assert.equal(await other.store.settle(others, POSITION), 'settled')
        assert.equal(await store.settle(later, POSITION), 'settled')
        assert.equal(await store.settle(settled, POSITION), 'settled-before')
      })

      it('hands over many events', async () => {
        const events = Array.from({ length: PARALLEL_CALLS }, () => creationOf(newOrderId()))
        await Promise.all(events.map((event) => store.reserve(event)))
        await using other = disposable(await harness.openSuccessor())
        await store.renewLease()
        assert.equal(await store.handOver(events), 'handed-over')
        assert.deepEqual(await other.store.takeOverPending(PARALLEL_CALLS, FROM_ALL), events)
      })
    })

    describe('probe', () => {
      it('changes nothing that a reader sees', async () => {
        const { event } = await settleCreation()
        const pending = creationOf(newOrderId())
        await store.reserve(pending)
        await store.probe()
        await store.probe()
        assert.deepEqual(await listPending(), [pending])
        assert.equal((await store.findOrder(event.order.orderId))?.version, 1)
      })
    })

    describe('schema ids', () => {
      it('keeps one id for each subject and fingerprint, the last one saved', async () => {
        assert.equal(await store.findSchemaId('orders-value', 'aa'), undefined)
        await store.saveSchemaId('orders-value', 'aa', 3)
        await store.saveSchemaId('orders-value', 'bb', 4)
        await store.saveSchemaId('orders-key', 'aa', 5)
        await store.saveSchemaId('orders-value', 'aa', 6)
        assert.equal(await store.findSchemaId('orders-value', 'aa'), 6)
        assert.equal(await store.findSchemaId('orders-value', 'bb'), 4)
        assert.equal(await store.findSchemaId('orders-key', 'aa'), 5)
      })

      it('forgets the one id that it is told to forget', async () => {
        await store.saveSchemaId('orders-value', 'aa', 3)
        await store.saveSchemaId('orders-value', 'bb', 4)
        await store.saveSchemaId('orders-key', 'aa', 5)
        await store.forgetSchemaId('orders-value', 'aa')
        await store.forgetSchemaId('orders-value', 'cc')
        assert.equal(await store.findSchemaId('orders-value', 'aa'), undefined)
        assert.equal(await store.findSchemaId('orders-value', 'bb'), 4)
        assert.equal(await store.findSchemaId('orders-key', 'aa'), 5)
      })
    })

    describe('close', () => {
      it('waits for what was called before', async () => {
        const calls = Array.from({ length: PARALLEL_CALLS }, () =>
          store.reserve(creationOf(newOrderId())),
        )
        await store.close()
        const results = await Promise.all(calls)
        assert.ok(results.every((result) => result === 'reserved'))
      })

      it('can be called again', async () => {
        await Promise.all([store.close(), store.close()])
        await store.close()
      })

      it('lets every later call be rejected as not applied', async () => {
        const creation = creationOf(newOrderId())
        await store.close()
        const calls = [
          store.findOrder(creation.event.order.orderId),
          store.reserve(creation),
          store.settle(creation, POSITION),
          store.discard(creation),
          store.renewLease(),
          store.takeOverPending(1, FROM_ALL),
          store.handOver([creation]),
          store.join(),
          store.listPending(1),
          store.probe(),
          store.findSchemaId('orders-value', 'aa'),
          store.saveSchemaId('orders-value', 'aa', 1),
        ]
        for (const outcome of await Promise.allSettled(calls)) {
          assert.equal(outcome.status, 'rejected')
          assert.ok(outcome.reason instanceof StoreError)
          assert.equal(outcome.reason.isApplied, 'no')
        }
      })
    })

    if (!isDurable) return

    describe('opened again', () => {
      it('has the settled orders, the pending events and the schema ids', async () => {
        const { event } = await settleCreation()
        const first = creationOf(newOrderId())
        const second = changeOf(event.order.orderId, 2, 'shipped')
        await store.reserve(first)
        await store.reserve(second)
        await store.saveSchemaId('orders-value', 'aa', 9)
        await store.close()

        store = await harness.open()

        assert.deepEqual(await store.findOrder(event.order.orderId), {
          order: event.order,
          version: 1,
        })
        assert.deepEqual(await listPending(), [first, second])
        assert.deepEqual(await store.takeOverPending(LIST_LIMIT, FROM_ALL), [first, second])
        assert.equal(await store.findSchemaId('orders-value', 'aa'), 9)
        assert.equal(await store.settle(second, { partition: 2, offset: 78 }), 'settled')
        assert.equal(await store.reserve(creationOf(event.order.orderId)), 'order-exists')
      })
    })
  })
}

function disposable(store: Store): AsyncDisposable & { readonly store: Store } {
  return { store, [Symbol.asyncDispose]: () => store.close() }
}
