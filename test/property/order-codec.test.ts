import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { CURRENCY_CODES, isCarried, isCurrency } from '../../src/models/money.ts'
import {
  isOrderId,
  ORDER_STATUSES,
  sumItems,
  type Order,
  type OrderId,
} from '../../src/models/order.ts'
import { decodeOrder, encodeOrder } from '../../src/service/schema-registry/order-codec.ts'

/** Far above what is generated; sums of these stay exact. */
const PRICE_MINOR_MAX = 10_000_000_000
const SCHEMA_ID_MAX = 2 ** 31 - 1

const CURRENCIES = CURRENCY_CODES.filter(isCurrency)

/** Objects without a prototype are never equal to what a decoder makes. */
const PLAIN_OBJECTS = { noNullPrototype: true }

const orderIds = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }).filter(isOrderId)

const orders: fc.Arbitrary<Order> = fc
  .record(
    {
      orderId: orderIds,
      customerId: fc.string(),
      orderDate: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      items: fc.array(
        fc.record(
          {
            itemId: fc.string({ unit: 'grapheme' }),
            quantity: fc.integer({ min: 1, max: 1_000 }),
            priceMinor: fc.integer({ min: 0, max: PRICE_MINOR_MAX }),
          },
          PLAIN_OBJECTS,
        ),
        { minLength: 1, maxLength: 20 },
      ),
      currency: fc.constantFrom(...CURRENCIES),
      status: fc.constantFrom(...ORDER_STATUSES),
    },
    PLAIN_OBJECTS,
  )
  .map((order) => ({ ...order, totalMinor: sumItems(order.items) }))

describe('an order through Avro', () => {
  test('comes back as it was, to the minor unit', () => {
    fc.assert(
      fc.property(orders, fc.nat(SCHEMA_ID_MAX), (order, schemaId) => {
        assert.deepEqual(decodeOrder(encodeOrder(order, schemaId)), { schemaId, order })
      }),
    )
  })

  for (const currency of CURRENCIES) {
    test(`keeps every amount in ${currency} that it takes, and all below 2^52 minor units`, () => {
      fc.assert(
        fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (priceMinor, totalMinor) => {
          for (const amountMinor of [priceMinor, totalMinor]) {
            assert.ok(amountMinor >= 2 ** 52 || isCarried(amountMinor, currency))
            fc.pre(isCarried(amountMinor, currency))
          }
          const order: Order = {
            orderId: 'ORD-1' as OrderId,
            customerId: 'CUST-1234',
            orderDate: '2026-11-23T08:00:00.000Z',
            items: [{ itemId: 'ITEM-PHONE-123', quantity: 1, priceMinor }],
            totalMinor,
            currency,
            status: 'pending',
          }
          assert.deepEqual(decodeOrder(encodeOrder(order, 1)).order, order)
        }),
        { numRuns: 200 },
      )
    })
  }
})
