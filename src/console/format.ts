/** Amounts, moments and durations as people of this browser's language write them. */

const MS_PER_SECOND = 1_000
const MS_PER_MINUTE = 60_000

/** By currency, of which there are some hundred: to make one costs more than all that it writes. */
const amountFormats = new Map<string, Intl.NumberFormat>()

export function amountText(amount: number, currency: string): string {
  return amountFormat(currency).format(amount)
}

/** For columns whose currency is said elsewhere. */
export function amountWithoutCurrency(amount: number, currency: string): string {
  return amountFormat(currency)
    .formatToParts(amount)
    .filter(({ type }) => type !== 'currency' && type !== 'literal')
    .map(({ value }) => value)
    .join('')
}

function amountFormat(currency: string): Intl.NumberFormat {
  let format = amountFormats.get(currency)
  if (format === undefined) {
    const style = { style: 'currency', currency, currencyDisplay: 'code' } as const
    format = new Intl.NumberFormat(undefined, style)
    amountFormats.set(currency, format)
  }
  return format
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'short' })

/** The time, and the day where it is another one than today. */
export function momentText(iso: string): string {
  const date = new Date(iso)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? TIME.format(date) : `${DAY.format(date)} ${TIME.format(date)}`
}

/** Three digits tell enough: 14 ms, 14.5 s, 4 min 10 s. */
export function durationText(ms: number): string {
  if (ms < MS_PER_SECOND) return `${Math.round(ms)} ms`
  if (ms < MS_PER_MINUTE) return `${(ms / MS_PER_SECOND).toFixed(1)} s`
  const seconds = Math.round(ms / MS_PER_SECOND)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

const COUNT = new Intl.NumberFormat()

export function countText(count: number, noun: string): string {
  return `${COUNT.format(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
