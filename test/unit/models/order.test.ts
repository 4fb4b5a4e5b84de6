import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOrderId } from '../../../src/models/order.ts'

test('an order id is trimmed text of 1 to 255 characters', () => {
  assert.ok(isOrderId('ORD 1/ä😀'))
  assert.ok(isOrderId('😀'.repeat(255)))
  assert.ok(!isOrderId('😀'.repeat(256)))
  assert.ok(!isOrderId(''))
  assert.ok(!isOrderId(' ORD-1'))
  for (const dots of ['...', '.a', '..a', 'a..', '. .']) assert.ok(isOrderId(dots), dots)
  for (const dots of ['.', '..']) assert.ok(!isOrderId(dots), dots)
})

test('an order id holds no control character, line break or half of a character', () => {
  for (const hidden of ['\u0000', '\n', '\r', '\u007f', '\u0085', '\ud800']) {
    assert.ok(!isOrderId(`a${hidden}b`), JSON.stringify(hidden))
  }
})
