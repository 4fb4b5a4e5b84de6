import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CURRENCIES, toMajor, toMinor } from '../../../src/models/money.ts'
import { isOrderId } from '../../../src/models/order.ts'

test('an order id is trimmed text of 1 to 255 characters', () => {
  assert.ok(isOrderId('ORD 1/ä😀'))
  assert.ok(isOrderId('😀'.repeat(255)))
  assert.ok(!isOrderId('😀'.repeat(256)))
  assert.ok(!isOrderId(''))
  assert.ok(!isOrderId(' ORD-1'))
})

test('an order id holds no control character, line break or half of a character', () => {
  for (const hidden of ['\u0000', '\n', '\r', '\u007f', '\u0085', '\ud800']) {
    assert.ok(!isOrderId(`a${hidden}b`), JSON.stringify(hidden))
  }
})

test('money survives the way to the major unit and back, in every currency', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.constantFrom(...CURRENCIES),
      (minor, currency) => {
        assert.equal(toMinor(toMajor(minor, currency), currency), minor)
      },
    ),
  )
  assert.equal(toMajor(1999, 'USD'), 19.99)
  assert.equal(toMajor(1999, 'JPY'), 1999)
})
