import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import fc from 'fast-check'

import type { OrderStore } from '../../../src/business/ports.ts'
import { CURRENCY_CODES, isCurrency } from '../../../src/models/money.ts'
import type { PendingEvent } from '../../../src/models/order-event.ts'
import { isOrderId, type Order, ORDER_STATUSES } from '../../../src/models/order.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'

const RUNS = 300

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const isoDate = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
const text = fc.string({ unit: 'binary' })

const orders: fc.Arbitrary<Order> = fc.record({
  orderId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter(isOrderId),
  customerId: text,
  orderDate: isoDate,
  items: fc.array(fc.record({ itemId: text, quantity: count, priceMinor: count })),
  totalMinor: count,
  currency: fc.constantFrom(...CURRENCY_CODES.filter(isCurrency)),
  status: fc.constantFrom(...ORDER_STATUSES),
})

const creations: fc.Arbitrary<PendingEvent> = fc.record({
  event: fc.record(
    {
      eventId: fc.uuid({ version: 7 }),
      type: fc.constant('order-created'),
      version: fc.constant(1),
      time: isoDate,
      order: orders,
      traceparent: fc.string({ minLength: 1 }),
      principal: fc.string({ minLength: 1 }),
    },
    { requiredKeys: ['eventId', 'type', 'version', 'time', 'order'], noNullPrototype: true },
  ),
  encoded: fc.record({ key: fc.uint8Array(), value: fc.uint8Array(), schemaId: count }),
  topic: text,
  partition: count,
  searchFromOffset: count,
  producer: fc.record({ id: count, epoch: count }),
})

describe('the row of an event', () => {
  let store: OrderStore

  before(async () => {
    store = await openSqliteStore({ path: ':memory:' })
  })

  after(() => store.close())

  it('gives back every pending event as it was', async () => {
    const roundTrip = fc.asyncProperty(creations, async (creation) => {
      await store.reserve(creation)
      const listed = await store.listPending(2)
      await store.discard(creation)
      assert.deepEqual(listed, [plain(creation)])
    })
    await fc.assert(roundTrip, { numRuns: RUNS })
  })

  it('gives back every settled order as it was', async () => {
    const orderIds = new Set<string>()
    const roundTrip = fc.asyncProperty(creations, async (creation) => {
      const { order } = creation.event
      fc.pre(!orderIds.has(order.orderId))
      orderIds.add(order.orderId)
      await store.reserve(creation)
      await store.settle(creation, { partition: 0, offset: 0 })
      assert.deepEqual(await store.findOrder(order.orderId), { order: plain(order), version: 1 })
    })
    await fc.assert(roundTrip, { numRuns: RUNS })
  })
})

/** fast-check builds some objects without a prototype, which deepEqual takes for a difference. */
function plain<Value>(value: Value): Value {
  return structuredClone(value)
}
