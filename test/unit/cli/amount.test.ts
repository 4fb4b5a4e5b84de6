import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountText, productText } from '../../../src/cli/amount.ts'

test('an amount has all decimals of its currency, and no more', () => {
  assert.equal(amountText(20.5, 'EUR'), '20.50')
  assert.equal(amountText(1500, 'JPY'), '1500')
  assert.equal(amountText(1.5, 'KWD'), '1.500')
})

test('what is no amount of the currency is shown as it is', () => {
  assert.equal(amountText(1.005, 'EUR'), '1.005')
  assert.equal(amountText(20.5, 'unknown'), '20.5')
})

test('so many pieces cost exactly so much', () => {
  assert.equal(productText(24.1, 3, 'EUR'), '72.30')
  assert.equal(productText(1.005, 2, 'EUR'), '2.01')
})
