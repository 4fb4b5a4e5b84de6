/**
 * A number where it is one, else the text as it is: the service says what is wrong with it. So it does with
 * one of more digits than a number keeps, which would become another amount without a word.
 */
export function numberOrText(text: string): number | string {
  const trimmed = text.trim()
  if (!/^-?\d{1,40}(?:\.\d{1,40})?$/u.test(trimmed)) return text
  const number = Number(trimmed)
  return number.toString() === shorten(trimmed) || countDigits(trimmed) <= DIGITS_KEPT
    ? number
    : trimmed
}

/** Every number keeps so many. */
const DIGITS_KEPT = 15

function countDigits(text: string): number {
  return text.replaceAll(/\D/gu, '').length
}

/** Without zeros that mean nothing. */
function shorten(text: string): string {
  const whole = text.replace(/^(-?)0+(?=\d)/u, '$1')
  return whole.includes('.') ? whole.replace(/\.?0+$/u, '') : whole
}
