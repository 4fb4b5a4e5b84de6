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

/** A number of 16 digits or more, or what looks like one in a string: then each number is compared. */
const MANY_DIGITS = /[:,[\s]-?[\d.]{16}/

/** As JSON.parse, but that numbers which would lose digits are {@link InexactNumber}s. */
export function parseExactly(text: string): unknown {
  return MANY_DIGITS.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

/** The third parameter is newer than its type is here. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || !Number.isFinite(value) || source === undefined) return value
  return toDecimal(source) === toDecimal(String(value)) ? value : new InexactNumber(source)
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
