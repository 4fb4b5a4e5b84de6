import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { OrderQuery, OrderReader, OrderStore } from '../../src/business/ports.ts'
import type { PendingEvent, RecordKey } from '../../src/models/order-event.ts'
import type { OrderId, OrderStatus } from '../../src/models/order.ts'
import { changeOf, creationOf, newOrderId, orderOf } from './order-store-events.ts'

type Store = OrderStore & OrderReader

export interface ReaderHarness {
  open(): Promise<Store>
  remove(): Promise<void>
}

const PAGE = 3

/** What every adapter has to do that lists orders and tells their history. */
export function describeOrderReader(
  name: string,
  createHarness: () => Promise<ReaderHarness>,
): void {
  describe(`reading on ${name}`, () => {
    let harness: ReaderHarness
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

    interface Parts {
      readonly orderDate: string
      readonly customerId?: string
      readonly orderId?: string
    }

    /** A settled order; of its versions the last has the status. */
    async function create(parts: Parts, status: OrderStatus = 'pending'): Promise<OrderId> {
      const orderId = (parts.orderId ?? newOrderId()) as OrderId
      const order = { ...orderOf(orderId), ...parts, orderId }
      const creation = creationOf(orderId)
      await settle({ ...creation, event: { ...creation.event, order } })
      if (status === 'pending') return orderId
      const change = changeOf(orderId, 2, status)
      await settle({ ...change, event: { ...change.event, order: { ...order, status } } })
      return orderId
    }

    async function listIds(query: Partial<OrderQuery>): Promise<string[]> {
      const found = await store.listOrders({ limit: 100, ...query })
      return found.map(({ order }) => order.orderId)
    }

    describe('listOrders', () => {
      it('shows settled orders as they are now, newest first, those of one instant by id', async () => {
        await create({ orderId: 'b', orderDate: '2026-01-02T00:00:00.000Z' })
        await create({ orderId: 'c', orderDate: '2026-01-02T00:00:00.000Z' }, 'shipped')
        await create({ orderId: 'z', orderDate: '2026-01-01T00:00:00.000Z' })
        await create({ orderId: 'a', orderDate: '2026-01-03T00:00:00.000Z' })
        await store.reserve(creationOf(newOrderId()))
        await store.reserve(changeOf('a' as OrderId, 2, 'cancelled'))
        assert.deepEqual(await listIds({}), ['a', 'c', 'b', 'z'])
        const [, shipped] = await store.listOrders({ limit: 2 })
        assert.deepEqual([shipped?.version, shipped?.order.status], [2, 'shipped'])
      })

      it('goes on after a place, once each, also while orders are added', async () => {
        const orderDate = '2026-01-02T00:00:00.000Z'
        for (const orderId of ['Z', 'a', 'ä', 'b', 'c', '😀']) await create({ orderId, orderDate })
        const seen: string[] = []
        let after: OrderQuery['after']
        for (;;) {
          const page = await store.listOrders({ limit: PAGE - 1, ...(after && { after }) })
          seen.push(...page.map(({ order }) => order.orderId))
          const last = page.at(-1)
          if (last === undefined) break
          after = last.order
          await create({ orderDate: '2026-01-03T00:00:00.000Z' })
        }
        assert.deepEqual(seen, ['😀', 'ä', 'c', 'b', 'a', 'Z'])
      })

      it('filters by status, customer and date, and by all of them together', async () => {
        const dates = ['2026-01-01', '2026-01-02', '2026-01-03'].map(
          (day) => `${day}T00:00:00.000Z`,
        )
        for (const [index, orderDate] of dates.entries()) {
          await create({ orderId: `a${index}`, orderDate, customerId: 'CUST-1' })
          await create({ orderId: `b${index}`, orderDate, customerId: 'CUST-1' }, 'shipped')
          await create({ orderId: `c${index}`, orderDate, customerId: 'CUST-2' }, 'shipped')
        }
        assert.deepEqual(await listIds({ customerId: 'CUST-2' }), ['c2', 'c1', 'c0'])
        assert.deepEqual(await listIds({ status: 'pending' }), ['a2', 'a1', 'a0'])
        const from = dates[1] ?? ''
        const to = dates[2] ?? ''
        assert.deepEqual(await listIds({ from, to }), ['c1', 'b1', 'a1'])
        assert.deepEqual(await listIds({ from, status: 'pending' }), ['a2', 'a1'])
        const all = { customerId: 'CUST-1', status: 'shipped', to } as const
        assert.deepEqual(await listIds(all), ['b1', 'b0'])
        const after = { orderDate: from, orderId: 'b1' }
        assert.deepEqual(await listIds({ ...all, after }), ['b0'])
        assert.deepEqual(await listIds({ ...all, limit: 1 }), ['b1'])
        assert.deepEqual(await listIds({ customerId: "CUST-1' OR TRUE" }), [])
      })

      it('finds orders by the beginning of their ids, character by character', async () => {
        const ids = ['A', 'A-1', 'A-10', 'A-1 b', 'a-1', 'A_1', 'A%1', 'A*', 'A?', 'A[1]', 'Ä-1']
        ids.push(
          'B\u{d7ff}',
          'B\u{d7ff}x',
          'B\u{e000}',
          'B\u{ffff}y',
          'B😀',
          'B\u{10ffff}',
          '.a',
          '..b',
        )
        ids.push('\u{10ffff}', '\u{10ffff}\u{10ffff}z')
        for (const orderId of ids) await create({ orderId, orderDate: '2026-01-02T00:00:00.000Z' })
        const prefixes = new Set([...ids, ...ids.map((id) => Array.from(id)[0] ?? ''), 'A-1 ', 'x'])
        for (const orderIdPrefix of prefixes) {
          const expected = ids.filter((id) => id.startsWith(orderIdPrefix))
          const found = await listIds({ orderIdPrefix })
          assert.deepEqual(new Set(found), new Set(expected), orderIdPrefix)
          assert.equal(found.length, expected.length)
        }
      })

      it('finds them together with every other filter, newest first, page by page', async () => {
        for (const [index, orderId] of ['x3', 'y9', 'x1', 'x2', 'x4', 'x5'].entries()) {
          const orderDate = `2026-01-0${index + 1}T00:00:00.000Z`
          const customerId = orderId < 'x3' ? 'CUST-1' : 'CUST-2'
          await create({ orderId, orderDate, customerId }, index % 2 === 0 ? 'pending' : 'shipped')
        }
        const orderIdPrefix = 'x'
        assert.deepEqual(await listIds({ orderIdPrefix }), ['x5', 'x4', 'x2', 'x1', 'x3'])
        assert.deepEqual(await listIds({ orderIdPrefix, status: 'shipped' }), ['x5', 'x2'])
        assert.deepEqual(await listIds({ orderIdPrefix, customerId: 'CUST-1' }), ['x2', 'x1'])
        const [from, to] = ['2026-01-03T00:00:00.000Z', '2026-01-05T00:00:00.000Z']
        assert.deepEqual(await listIds({ orderIdPrefix, from, to }), ['x2', 'x1'])
        const after = { orderDate: '2026-01-04T00:00:00.000Z', orderId: 'x2' }
        assert.deepEqual(await listIds({ orderIdPrefix, after, limit: 1 }), ['x1'])
      })

      it('shows an order under its new status alone', async () => {
        const orderId = await create({ orderDate: '2026-01-01T00:00:00.000Z' })
        await settle(changeOf(orderId, 2, 'cancelled'))
        assert.deepEqual(await listIds({ status: 'pending' }), [])
        assert.deepEqual(await listIds({ status: 'cancelled' }), [orderId])
      })
    })

    describe('listEvents', () => {
      it('tells every settled event of the order, by version', async () => {
        const orderId = newOrderId()
        const creation = await settle({ ...creationOf(orderId), topic: 'orders-of-old' })
        const change = await settle(changeOf(orderId, 2, 'shipped'))
        await store.reserve(changeOf(orderId, 3, 'delivered'))
        assert.deepEqual(await store.listEvents(orderId, 0, 10), [
          {
            eventId: creation.event.eventId,
            type: 'order-created',
            version: 1,
            time: creation.event.time,
            status: 'pending',
            topic: 'orders-of-old',
            position: { partition: 2, offset: nextOffset - 1 },
            schemaId: 7,
          },
          {
            eventId: change.event.eventId,
            type: 'order-status-changed',
            version: 2,
            time: change.event.time,
            status: 'shipped',
            topic: 'order-events',
            position: { partition: 2, offset: nextOffset },
            schemaId: 7,
          },
        ])
        const versions = async (after: number, limit: number): Promise<number[]> =>
          (await store.listEvents(orderId, after, limit)).map(({ version }) => version)
        assert.deepEqual(await versions(0, 1), [1])
        assert.deepEqual(await versions(1, 10), [2])
        assert.deepEqual(await versions(2, 10), [])
        assert.deepEqual(await store.listEvents(newOrderId(), 0, 10), [])
      })
    })

    describe('findEvent', () => {
      it('gives a settled event with its bytes and its place, and no other', async () => {
        const orderId = newOrderId()
        const creation = creationOf(orderId)
        const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
        const traced = { ...creation.event, traceparent, principal: 'api_key:shop' }
        await settle({ ...creation, topic: 'orders-of-old', event: traced })
        const change = await settle(changeOf(orderId, 2, 'shipped'))
        await store.reserve(changeOf(orderId, 3, 'delivered'))

        const first = await store.findEvent(orderId, 1)
        const second = await store.findEvent(orderId, 2)
        assert.deepEqual([first?.event, first?.topic], [traced, 'orders-of-old'])
        assert.deepEqual([second?.event, second?.topic], [change.event, 'order-events'])
        assert.deepEqual(Buffer.from(second?.encoded.key ?? []).toString(), orderId)
        assert.deepEqual([...(second?.encoded.value ?? [])], [...change.encoded.value])
        assert.equal(second?.encoded.schemaId, 7)
        assert.deepEqual(second?.position, { partition: 2, offset: nextOffset })
        // By the database's clock, which is not ours: its form is what is promised.
        const settledAt = second?.settledAt ?? ''
        assert.equal(new Date(settledAt).toISOString(), settledAt)

        assert.equal(await store.findEvent(orderId, 3), undefined)
        assert.equal(await store.findEvent(orderId, 4), undefined)
        assert.equal(await store.findEvent(newOrderId(), 1), undefined)
      })
    })

    describe('listRecordKeys', () => {
      it('tells each key of a partition once, and none of what is pending', async () => {
        const orderId = newOrderId()
        const key = new TextEncoder().encode('another key')
        await settle(creationOf(orderId))
        await settle(changeOf(orderId, 2, 'shipped'))
        const change = changeOf(orderId, 3, 'shipped')
        await settle({ ...change, encoded: { ...change.encoded, key } })
        await settle({ ...changeOf(orderId, 4, 'shipped'), partition: 0 })
        await settle({ ...changeOf(orderId, 5, 'shipped'), topic: 'another' })
        await settle(creationOf(newOrderId()))
        const pending = { ...changeOf(orderId, 6, 'delivered'), partition: 1 }
        assert.equal(await store.reserve(pending), 'reserved')
        const keys = await store.listRecordKeys(orderId)
        const own = Buffer.from(orderId)
        assert.deepEqual(
          keys.map((one) => textOf(one)).toSorted(),
          [
            textOf({ topic: 'another', partition: 2, key: own }),
            textOf({ topic: 'order-events', partition: 0, key: own }),
            textOf({ topic: 'order-events', partition: 2, key: own }),
            textOf({ topic: 'order-events', partition: 2, key }),
          ].toSorted(),
        )
        assert.deepEqual(await store.listRecordKeys(newOrderId()), [])
      })
    })
  })
}

function textOf({ topic, partition, key }: RecordKey): string {
  return `${topic} ${partition} ${Buffer.from(key).toString()}`
}
