import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { OrderStore } from '../../src/business/ports.ts'
import { findRecentPlace } from '../../src/business/stream/find-recent-place.ts'
import {
  FIRST_PLACE,
  isAfter,
  type PlacedEvent,
  type SettledFeed,
} from '../../src/business/stream/settled-feed.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { changeOf, creationOf, newOrderId } from './order-store-events.ts'

type Store = OrderStore & SettledFeed

export interface FeedHarness {
  open(): Promise<Store>
  remove(): Promise<void>
}

/** What every adapter has to do that tells settled events in one order. */
export function describeSettledFeed(name: string, createHarness: () => Promise<FeedHarness>): void {
  describe(`the feed of settled events on ${name}`, () => {
    let harness: FeedHarness
    let store: Store
    let nextOffset = 0

    beforeEach(async () => {
      harness = await createHarness()
      store = await harness.open()
    })

    afterEach(async () => {
      await store.close()
      await harness.remove()
    })

    async function settle(pending: PendingEvent): Promise<PendingEvent> {
      assert.equal(await store.reserve(pending), 'reserved')
      nextOffset += 1
      const position = { partition: pending.partition, offset: nextOffset }
      assert.equal(await store.settle(pending, position), 'settled')
      return pending
    }

    function list(after = FIRST_PLACE): Promise<readonly PlacedEvent[]> {
      return store.listSettled(after, 100)
    }

    it('tells events in the order in which they were settled, whole, and no pending one', async () => {
      assert.deepEqual(await store.findLastPlace(), FIRST_PLACE)
      const late = creationOf(newOrderId())
      await store.reserve(late)
      const orderId = newOrderId()
      const creation = await settle({ ...creationOf(orderId), topic: 'orders-of-old' })
      const change = await settle(changeOf(orderId, 2, 'shipped'))
      await store.settle(late, { partition: 2, offset: 90 })
      await store.reserve(changeOf(orderId, 3, 'delivered'))
      const seen = await list()
      assert.deepEqual(
        seen.map(({ eventId }) => eventId),
        [creation, change, late].map(({ event }) => event.eventId),
      )
      const { place, settledAt, ...told } = seen[1] ?? assert.fail()
      // By the database's clock, which is not ours: its form is what is promised.
      assert.equal(new Date(settledAt).toISOString(), settledAt)
      assert.deepEqual(told, {
        eventId: change.event.eventId,
        type: 'order-status-changed',
        version: 2,
        time: change.event.time,
        status: 'shipped',
        topic: 'order-events',
        position: { partition: 2, offset: nextOffset },
        schemaId: 7,
        order: change.event.order,
      })
      assert.equal(seen[0]?.topic, 'orders-of-old')
      assert.deepEqual(await store.findLastPlace(), seen[2]?.place)
      assert.deepEqual(await list(place), seen.slice(2))
    })

    it('finds the last events from behind, and no more than were asked for', async () => {
      const orderIds = Array.from({ length: 30 }, () => newOrderId())
      await Promise.all(orderIds.map((orderId) => settle(creationOf(orderId))))
      for (let count = 0; count < 30; count += 1) await settle(creationOf(newOrderId()))
      const all = await list()
      const { place, until } = await findRecentPlace(store, 20)
      const last = await list(place)
      assert.ok(last.length >= 10 && last.length <= 20, `${last.length} events`)
      assert.deepEqual(last, all.slice(-last.length))
      assert.deepEqual(until, all.at(-1)?.place)
    })

    it('goes on after a place, each event once, also while events are settled', async () => {
      const settled: string[] = []
      const add = async (): Promise<void> => {
        settled.push((await settle(creationOf(newOrderId()))).event.eventId)
      }
      for (let count = 0; count < 4; count += 1) await add()
      const seen: PlacedEvent[] = []
      for (let page = 0; page < 6; page += 1) {
        seen.push(...(await store.listSettled(seen.at(-1)?.place ?? FIRST_PLACE, 1)))
        if (page < 2) await add()
      }
      assert.deepEqual(
        seen.map(({ eventId }) => eventId),
        settled,
      )
      assert.deepEqual(await list(seen.at(-1)?.place), [])
    })

    it('tells those that were settled together once each, and orders by their versions', async () => {
      const orderIds = Array.from({ length: 60 }, () => newOrderId())
      await Promise.all(orderIds.map((orderId) => settle(creationOf(orderId))))
      await Promise.all(orderIds.map((orderId) => settle(changeOf(orderId, 2, 'shipped'))))
      const seen: PlacedEvent[] = []
      while (seen.length < 120) {
        const page = await store.listSettled(seen.at(-1)?.place ?? FIRST_PLACE, 7)
        assert.ok(page.length > 0)
        seen.push(...page)
      }
      const places = seen.map(({ place }) => place)
      assert.ok(places.every((place, index) => isAfter(place, places[index - 1] ?? FIRST_PLACE)))
      for (const orderId of orderIds) {
        const ofOrder = seen.filter(({ order }) => order.orderId === orderId)
        assert.deepEqual(
          ofOrder.map(({ version }) => version),
          [1, 2],
        )
      }
    })

    it('keeps the places when the store is opened again, and what was settled twice at one', async () => {
      const first = await settle(creationOf(newOrderId()))
      const second = await settle(creationOf(newOrderId()))
      const seen = await list()
      const position = { partition: 2, offset: nextOffset - 1 }
      assert.equal(await store.settle(first, position), 'settled-before')
      assert.deepEqual(await list(), seen)
      await store.close()
      store = await harness.open()
      const next = await settle(changeOf(second.event.order.orderId, 2, 'shipped'))
      const now = await list()
      assert.deepEqual(now.slice(0, 2), seen)
      assert.deepEqual(
        now.slice(2).map(({ eventId }) => eventId),
        [next.event.eventId],
      )
    })
  })
}
