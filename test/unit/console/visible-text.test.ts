import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partsOf, visible, visibleJson } from '../../../src/console/visible-text.ts'

for (const [what, text, shown] of [
  ['a text that turns what follows around', 'ORD-\u202e1', 'ORD-[U+202E]1'],
  ['an isolate', '\u2066ORD-1\u2069', '[U+2066]ORD-1[U+2069]'],
  ['a space of no width', 'ORD\u200b-1', 'ORD[U+200B]-1'],
  ['a joiner between letters', 'OR\u200dD', 'OR[U+200D]D'],
  ['a soft hyphen', 'ORD\u00ad-1', 'ORD[U+00AD]-1'],
  ['a space that does not break', 'ORD\u00a01', 'ORD[U+00A0]1'],
  ['a filler', 'ORD\u3164', 'ORD[U+3164]'],
  ['a blank of Braille', '\u2800', '[U+2800]'],
  ['a line separator', 'a\u2028b', 'a[U+2028]b'],
  ['a variation selector after a letter', 'A\ufe0f', 'A[U+FE0F]'],
  ['a tag, which is beyond the first plane', 'A\u{e0041}', 'A[U+E0041]'],
  ['a letter and its mark, which are one letter', 'ORD-a\u0308', 'ORD-a[U+0308]'],
  ['a letter that Unicode has twice', '\u212b', '[U+212B]'],
  ['a line end', 'a\nb', 'a[U+000A]b'],
  ['a mark of byte order', '\ufeffA\ufeff', '[U+FEFF]A[U+FEFF]'],
] as const) {
  test(`shows ${what} by its number`, () => {
    assert.equal(visible(text), shown)
  })
}

test('leaves every other text as it is', () => {
  for (const text of [
    'ORD-1',
    'two words',
    '',
    'Größe 100 %',
    'طلب-٤٢',
    '注文 🛒',
    '👩‍👩‍👧‍👦 family',
    '❤️',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'ORD-ä',
    'x\u0323',
  ]) {
    assert.equal(visible(text), text)
    assert.ok(partsOf(text).every(({ isNumber }) => !isNumber))
  }
})

test('JSON that shows everything means the same', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      fc.constantFrom('\u202e', '\u200b', '\u{e0041}', '\u2028', '👩‍👩‍👧‍👦'),
    ),
  })
  fc.assert(
    fc.property(text, (orderId) => {
      const json = visibleJson({ orderId }, 2)
      assert.deepEqual(JSON.parse(json), { orderId })
      for (const line of json.split('\n')) assert.equal(visible(line), line)
    }),
  )
})
