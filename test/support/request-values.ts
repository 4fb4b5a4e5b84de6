import * as fc from 'fast-check'

/** Of what requests to the API are put together (generated-requests.ts). */

/** Few, so that they meet; such as sort, match and fold differently wherever somebody does it wrong. */
export const IDS = [
  'ORD-1',
  'ORD-10',
  'ORD-2',
  'ord-1',
  'ORD-1%',
  'ORD_1',
  'ORD-1 2',
  "O'RD",
  'O"RD',
  'O\\RD',
  'a',
  'A',
  'ä',
  'a\u0308',
  'ß',
  'ss',
  'ı',
  'i',
  '日本',
  '\u00ad',
  '\u200bORD-1',
  'ﬀ',
  'ff',
  // By UTF-16 the second of these comes first, by UTF-8 the first.
  '\uffff',
  '😀',
  '😀!',
  '\u{10ffff}',
  '%00',
  '~',
  '...',
  'x'.repeat(255),
  'é'.repeat(255),
]

/** None of them is an id where it is. */
const NO_IDS = ['', ' ', '.', '..', '\u0000', 'a\u0000b', '\u0085', 'x'.repeat(256)]

export const DATES = [
  '2026-01-31T12:00:00Z',
  '2026-01-31T13:00:00.0009+01:00',
  '2026-01-31T12:00:00.001Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59Z',
]

export const INSTANTS = [
  '2026-01-31',
  '2026-01-31T12:00:00Z',
  '2026-01-31T12:00:00.001Z',
  '0001-01-01',
  '9999-12-31',
  '2026-01-31T13:00:00+01:00',
]

/** The places that our cursors name, and others that their form has room for. */
export const PLACES = [
  '["2026-01-31T12:00:00.000Z","ORD-1"]',
  '["2026-01-31T12:00:00.000Z","."]',
  '["","a"]',
  String.raw`["\u0000","ORD-1"]`,
  String.raw`["2026\u0000","ORD-1"]`,
  '["zz","ORD-1"]',
  String.raw`["\ud800","ORD-1"]`,
  String.raw`["2026",""]`,
  '["😀","😀"]',
  '[2026,"a"]',
  '[1]',
  '[2]',
  '[1.5]',
  '[2147483647]',
  '[2147483648]',
  '[9007199254740991]',
  '[1e300]',
  '[]',
  '{}',
  '[[]]',
  'null',
  '"1"',
  '[',
  '',
]

/** One of the first, and once in `every` times one of the others. */
export function mostly<Value>(usual: readonly Value[], unusual: readonly Value[], every = 15) {
  return fc.oneof(
    { weight: every - 1, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...unusual) },
  )
}

/** An object that has each of its fields once in so many times. */
export function sparse<Fields extends Record<string, string | number>>(
  fields: { readonly [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
  every: number,
): fc.Arbitrary<Partial<Fields>> {
  const pairs = Object.entries(fields).map(([name, value]) =>
    fc.oneof(
      { weight: every - 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: (value as fc.Arbitrary<unknown>).map((one) => [[name, one]]) },
    ),
  )
  return fc.tuple(...pairs).map((found) => Object.fromEntries(found.flat()) as Partial<Fields>)
}

export const someId = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(...IDS.slice(0, 3)) },
  { weight: 8, arbitrary: fc.constantFrom(...IDS) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_IDS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }) },
)
