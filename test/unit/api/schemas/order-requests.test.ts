import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createOrderRequest } from '../../../../src/api/schemas/order-requests.ts'
import { isOrderId } from '../../../../src/models/order.ts'

interface OrderIdSchema {
  readonly minLength: number
  readonly maxLength: number
  readonly pattern: string
}

const { minLength, maxLength, pattern } = createOrderRequest(100).properties
  .orderId as unknown as OrderIdSchema

/** As tools read the schema: lengths in code points, the pattern as a unicode one or not. */
function matchesSchema(text: string, flags: 'u' | '' = 'u'): boolean {
  const length = Array.from(text).length
  return length >= minLength && length <= maxLength && new RegExp(pattern, flags).test(text)
}

test('takes, once trimmed, of well-formed text exactly what the model calls an order id', () => {
  const unit = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.constantFrom('\u0000', '\n', '\u007f', '\u0085', '.', '😀', ' ', '\u00a0'),
  )
  const text = fc.array(unit, { maxLength: 300, size: 'max' }).map((units) => units.join('').trim())
  fc.assert(
    fc.property(text, (orderId) => {
      assert.equal(matchesSchema(orderId), isOrderId(orderId))
      // Swagger UI and clients in JavaScript may leave the flag out.
      assert.equal(matchesSchema(orderId, ''), isOrderId(orderId))
    }),
  )
})

test('takes 255 characters and no more, as the model does', () => {
  for (const [orderId, isTaken] of [
    ['😀'.repeat(255), true],
    ['😀'.repeat(256), false],
    ['', false],
  ] as const) {
    assert.equal(matchesSchema(orderId), isTaken)
    assert.equal(isOrderId(orderId), isTaken)
  }
})
