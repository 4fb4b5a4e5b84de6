import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CURRENCY_CODES,
  decimalsOf,
  formatMinor,
  GENERATED_CURRENCIES,
  isCarried,
  isCurrency,
  readAmount,
  toMajor,
  toMinor,
} from '../../../src/models/money.ts'
import { sumItems } from '../../../src/models/order.ts'

const CURRENCIES = CURRENCY_CODES.filter(isCurrency)

const currencies = fc.constantFrom(...CURRENCIES)

test('the decimals of a currency are those of Intl', () => {
  for (const currency of CURRENCIES) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency })
    assert.equal(decimalsOf(currency), format.resolvedOptions().maximumFractionDigits, currency)
  }
})

test('knows the currencies in use, in upper case, and no other text', () => {
  for (const currency of GENERATED_CURRENCIES) assert.ok(isCurrency(currency))
  for (const text of ['eur', 'EURO', 'DEM', 'XYZ', '']) assert.ok(!isCurrency(text), text)
})

test('an amount that is written with the decimals of its currency is that many minor units', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), currencies, (minor, currency) => {
      fc.pre(isCarried(minor, currency))
      const written = Number(formatMinor(minor, currency))
      assert.equal(toMajor(minor, currency), written)
      assert.deepEqual(readAmount(written, currency), { kind: 'exact', minor })
      assert.equal(toMinor(written, currency), minor)
      assert.equal(JSON.parse(JSON.stringify(written)), written)
    }),
    { numRuns: 2_000 },
  )
})

test('what is read of a number is no other number when it is written again', () => {
  const numbers = fc.double({ min: Number.MIN_VALUE, noDefaultInfinity: true, noNaN: true })
  fc.assert(
    fc.property(numbers, currencies, (value, currency) => {
      const amount = readAmount(value, currency)
      if (amount.kind === 'exact') assert.equal(toMajor(amount.minor, currency), value)
      if (amount.kind === 'too-precise') assert.ok(amount.decimals > decimalsOf(currency))
      if (amount.kind === 'too-large') {
        assert.ok(value * 10 ** decimalsOf(currency) >= Number.MAX_SAFE_INTEGER)
      }
    }),
    { numRuns: 5_000 },
  )
})

function decimals(value: number): unknown {
  const amount = readAmount(value, 'EUR')
  return amount.kind === 'too-precise' ? amount.decimals : amount.kind
}

test('counts the decimals that a number is written with', () => {
  assert.equal(decimals(0.1 + 0.2), 17)
  assert.equal(decimals(1.005), 3)
  assert.equal(decimals(1.5e-7), 8)
  assert.equal(decimals(0.07 * 3), 2 + 15)
  assert.equal(decimals(1e21), 'too-large')
  assert.equal(decimals(100), 'exact')
})

test('a sum is exact, or no safe integer', () => {
  const amounts = fc.oneof(fc.maxSafeNat(), fc.nat(100_000))
  const items = fc.array(
    fc.record({ quantity: fc.integer({ min: 1, max: 2 ** 31 - 1 }), priceMinor: amounts }),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(items, (lines) => {
      const exact = lines.reduce(
        (sum, { quantity, priceMinor }) => sum + BigInt(quantity) * BigInt(priceMinor),
        0n,
      )
      const sum = sumItems(lines)
      assert.equal(Number.isSafeInteger(sum), exact < 2n ** 53n)
      if (Number.isSafeInteger(sum)) assert.equal(BigInt(sum), exact)
    }),
    { numRuns: 2_000 },
  )
})

test('money is written with all its decimals', () => {
  assert.equal(formatMinor(1998, 'EUR'), '19.98')
  assert.equal(formatMinor(5, 'EUR'), '0.05')
  assert.equal(formatMinor(-5, 'EUR'), '-0.05')
  assert.equal(formatMinor(1998, 'JPY'), '1998')
})
