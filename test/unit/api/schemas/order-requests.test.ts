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

/** Trimming drops some controls and not others; the last one is two units without the flag for Unicode. */
const EDGES = ['a', '.', ' ', '\u00a0', '\ufeff', '\t', '\n', '\u0000', '\u0085', '\u{1f600}']

function* textsOf(alphabet: readonly string[], lengthMax: number): Generator<string> {
  yield ''
  if (lengthMax === 0) return
  for (const text of textsOf(alphabet, lengthMax - 1)) {
    for (const character of alphabet) yield text + character
  }
}

function assertTakenAsTrimmed(text: string): void {
  for (const flags of ['', 'u'] as const) {
    assert.equal(matchesSchema(text, flags), isOrderId(text.trim()), JSON.stringify(text))
  }
}

test('takes of what is sent exactly what is an order id once trimmed', () => {
  for (const text of textsOf(EDGES, 4)) assertTakenAsTrimmed(text)
})

/** They cannot be in a pattern that clients are generated of. */
const LEFT_OUT = ['\u2028', '\u2029']

test('knows every character that trimming drops', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const character = String.fromCharCode(code)
    if (!character.isWellFormed() || LEFT_OUT.includes(character)) continue
    for (const text of [character, `.${character}`, `${character}..`]) assertTakenAsTrimmed(text)
  }
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
