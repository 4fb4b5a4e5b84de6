import { randomUUID } from 'node:crypto'
import { tooManyLongNumbers } from './request-errors.ts'

/**
 * JSON whose numbers are what was written. A number of JSON may have any digits, a double keeps 15 of
 * them always and 17 at most, and JSON.parse takes the nearest double without a word: a price of
 * 70368744177664.01 would become one of 70368744177664.02.
 */

/** A number that no double is: as it was written, for the sentence that refuses it. */
export class InexactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): string {
    return this.text
  }
}

/** A number of 16 digits or more, or what looks like one in a string. */
const MANY_DIGITS = /[:,[\s]-?[\d.]{16}/

/** A string, or such a number, in JSON. */
const STRING_OR_MANY_DIGITS = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<=[:,[\s])-?[\d.]{16,}(?:e[+-]?\d+)?/gi

/**
 * Such numbers of one body. Each takes some microseconds, and one that is kept as text three times the memory of
 * another value. Of an order only the price of an item may be one.
 */
const LONG_NUMBERS_MAX = 4_000

/** In front of an inexact number while it is a string. Nobody else writes it. */
const MARK = `${randomUUID()}:`

/**
 * As JSON.parse, but that numbers which would lose digits are {@link InexactNumber}s. JSON.parse can also tell
 * how each number was written, but calls back for every value: a large body of numbers alone would hold up
 * everybody else. Throws a RequestError where there are too many of those.
 */
export function parseExactly(text: string): unknown {
  const parsed: unknown = JSON.parse(text)
  if (!MANY_DIGITS.test(text)) return parsed
  let hasInexact = false
  let longCount = 0
  const marked = text.replace(STRING_OR_MANY_DIGITS, (token) => {
    if (token.startsWith('"')) return token
    longCount += 1
    if (longCount > LONG_NUMBERS_MAX) throw tooManyLongNumbers(LONG_NUMBERS_MAX)
    if (isExact(token)) return token
    hasInexact = true
    return `"${MARK}${token}"`
  })
  return hasInexact ? unmark({ parsed: JSON.parse(marked) }).parsed : parsed
}

function isExact(source: string): boolean {
  const value = Number(source)
  const kept = String(value)
  return kept === source || !Number.isFinite(value) || toDecimal(source) === toDecimal(kept)
}

/** In place, and without recursion: a body may be nested as deep as it is long. */
function unmark<Root extends Record<string, unknown>>(root: Root): Root {
  const open: Record<string, unknown>[] = [root]
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const [key, value] of Array.isArray(holder) ? holder.entries() : Object.entries(holder)) {
      if (typeof value === 'object' && value !== null) open.push(value as Record<string, unknown>)
      if (typeof value === 'string' && value.startsWith(MARK)) {
        holder[key] = new InexactNumber(value.slice(MARK.length))
      }
    }
  }
  return root
}

const NUMBER = /^(?<sign>-?)0*(?<whole>\d*)(?:\.(?<fraction>\d+))?(?:e(?<exponent>[+-]?\d+))?$/i

/** One text for all texts of the same number: 1.50, 15e-1 and 1.5 are 15e-1. */
function toDecimal(text: string): string {
  const { sign, whole = '', fraction = '', exponent = '0' } = NUMBER.exec(text)?.groups ?? {}
  const digits = whole + fraction
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  const significant = digits.slice(0, end).replace(/^0+/, '')
  return significant === ''
    ? '0'
    : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - end}`
}
