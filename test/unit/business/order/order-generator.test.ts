import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { completeOrder } from '../../../../src/business/order/order-generator.ts'
import { GENERATED_CURRENCIES, minorPerMajor } from '../../../../src/models/money.ts'
import type { OrderId } from '../../../../src/models/order.ts'

const NOW = '2026-01-31T12:00:00.000Z'

/** Any choice that randomness can make, by a share of the range. */
const random = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 })
  .map((shares) => {
    let index = 0
    return {
      integer(min: number, max: number): number {
        index += 1
        return min + Math.round((shares[index % shares.length] ?? 0) * (max - min))
      },
    }
  })

test('every generated order keeps the rules of the contract', () => {
  fc.assert(
    fc.property(random, fc.integer({ min: 1, max: 100 }), (choices, numItems) => {
      const asked = { orderId: 'ORD-1' as OrderId, numItems }
      const order = completeOrder(asked, NOW, choices)
      const minorUnits = minorPerMajor(order.currency)
      assert.match(order.customerId, /^CUST-[1-9]\d{3}$/)
      assert.equal(order.orderDate, NOW)
      assert.ok(GENERATED_CURRENCIES.some((currency) => currency === order.currency))
      assert.equal(order.status, 'pending')
      assert.equal(order.items.length, numItems)
      for (const { itemId, quantity, priceMinor } of order.items) {
        assert.match(
          itemId,
          /^ITEM-(LAPTOP|PHONE|TABLET|MONITOR|KEYBOARD|MOUSE|HEADSET|CAMERA|SPEAKER|WATCH)-[1-9]\d\d$/,
        )
        assert.ok(Number.isInteger(quantity) && quantity >= 1 && quantity <= 5)
        assert.ok(Number.isInteger(priceMinor))
        assert.ok(priceMinor >= 10 * minorUnits && priceMinor <= 500 * minorUnits)
      }
      let total = 0
      for (const { quantity, priceMinor } of order.items) total += quantity * priceMinor
      assert.equal(order.totalMinor, total)
    }),
  )
})
