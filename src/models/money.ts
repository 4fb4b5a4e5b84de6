/** Money is an integer count of the currency's minor unit, so that sums are exact. */

export const CURRENCIES = ['USD', 'EUR', 'GBP', 'JPY', 'CAD', 'AUD'] as const

export type Currency = (typeof CURRENCIES)[number]

/** Decimals of the minor unit, ISO 4217. */
const MINOR_DIGITS: Record<Currency, number> = { USD: 2, EUR: 2, GBP: 2, JPY: 0, CAD: 2, AUD: 2 }

/** How many minor units make one major unit: 100 for USD, 1 for JPY. */
export function minorPerMajor(currency: Currency): number {
  return 10 ** MINOR_DIGITS[currency]
}

/** The amount as people and the event write it: 1999 USD minor units are 19.99. */
export function toMajor(amountMinor: number, currency: Currency): number {
  return amountMinor / minorPerMajor(currency)
}

/**
 * The inverse of {@link toMajor}. Rounding undoes the binary error of the division:
 * it is below half a minor unit for every amount under 2^53 minor units.
 */
export function toMinor(amountMajor: number, currency: Currency): number {
  return Math.round(amountMajor * minorPerMajor(currency))
}
