import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { eventBytesMax } from '../../../../src/business/stream/event-size.ts'
import { settingsSchema } from '../../../../src/config/settings-schema.ts'
import { OrderSize } from '../../../../src/service/storage/order-size.ts'
import { someOrder } from '../../../support/some-event.ts'

test('orders with as many items as a setting allows count in full', () => {
  const size = new OrderSize()
  const maximum = 1_000
  assert.ok(Value.Check(settingsSchema.properties.MAX_ITEMS_PER_ORDER, maximum))
  assert.ok(!Value.Check(settingsSchema.properties.MAX_ITEMS_PER_ORDER, maximum + 1))
  size.noteAllowed(maximum)
  assert.deepEqual([size.itemsMax, size.bytesMax], [maximum, eventBytesMax(maximum)])
  size.noteAllowed(1)
  assert.equal(size.itemsMax, maximum)
})

test('an imported order with more counts by its own names, when it is read', () => {
  const size = new OrderSize()
  size.noteAllowed(20_000)
  assert.deepEqual([size.itemsMax, size.bytesMax], [20_000, eventBytesMax(1_000)])
  const item = { itemId: 'A', quantity: 1, priceMinor: 1 }
  size.noteOrders([
    { order: { ...someOrder(), items: Array.from({ length: 20_000 }, () => item) } },
  ])
  assert.ok(size.bytesMax > eventBytesMax(1_000))
  assert.equal(size.ordersPerBatch, Math.floor((64 * 1024 * 1024) / size.bytesMax))
})
