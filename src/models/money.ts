/** Money is an integer count of the currency's minor unit, so that sums are exact. */

declare const currencyBrand: unique symbol

/** Those that are made up where a caller brings none. */
export const GENERATED_CURRENCIES = ['USD', 'EUR', 'GBP', 'JPY', 'CAD', 'AUD'] as const

/** A code of ISO 4217, in upper case: {@link isCurrency} is the only way in. */
export type Currency =
  (typeof GENERATED_CURRENCIES)[number] | (string & { readonly [currencyBrand]: true })

/** All that Intl knows: most of ISO 4217, also some that are no longer in use. */
export const CURRENCY_CODES: readonly string[] = Intl.supportedValuesOf('currency')

const known = new Set(CURRENCY_CODES)

export function isCurrency(code: string): code is Currency {
  return known.has(code)
}

/**
 * Stored amounts mean what these say. They are those of Intl, which a test compares: to ask it costs a
 * process 9 MB. A currency that is in neither has two decimals.
 */
const WITHOUT_DECIMALS = new Set(
  (
    'AFN ALL BIF CLP COP DJF GNF HUF IDR IQD IRR ISK JPY KMF KPW KRW LAK LBP MGA MMK PKR PYG RWF SLL ' +
    'SOS SYP UGX VND VUV XAF XOF XPF YER'
  ).split(' '),
)
const WITH_THREE = new Set('BHD JOD KWD LYD OMR TND'.split(' '))

/** How many decimals amounts of it have: 2 for USD, 0 for JPY, 3 for KWD. */
export function decimalsOf(currency: Currency): number {
  if (WITHOUT_DECIMALS.has(currency)) return 0
  return WITH_THREE.has(currency) ? 3 : 2
}

/** How many minor units make one major unit: 100 for USD, 1 for JPY. */
export function minorPerMajor(currency: Currency): number {
  return 10 ** decimalsOf(currency)
}

/**
 * The amount as people and the event write it: 1999 USD minor units are 19.99. The division rounds to
 * the nearest number, which is the one that the decimals mean.
 */
export function toMajor(amountMinor: number, currency: Currency): number {
  return amountMinor / minorPerMajor(currency)
}

/**
 * The inverse of {@link toMajor}, of every amount that {@link isCarried}. One with more decimals than
 * the currency has is rounded.
 */
export function toMinor(amountMajor: number, currency: Currency): number {
  const amount = readAmount(amountMajor, currency)
  return amount.kind === 'exact' ? amount.minor : Math.round(amountMajor * minorPerMajor(currency))
}

export type Amount =
  | { readonly kind: 'exact'; readonly minor: number }
  | { readonly kind: 'too-precise'; readonly decimals: number }
  /** Of 2^53 minor units or more: not every such integer is a number. */
  | { readonly kind: 'too-large' }

/**
 * Reads a number as an amount. Its decimals are those of its shortest text, which is how it was
 * written: 0.1 has one, and 0.1 + 0.2 has 17.
 */
export function readAmount(amountMajor: number, currency: Currency): Amount {
  const decimals = decimalsOf(currency)
  const [digits = '', exponent = '0'] = String(amountMajor).split('e')
  if (Number(exponent) > 0) return { kind: 'too-large' }
  const [whole = '', fraction = ''] = digits.split('.')
  const written = fraction.length - Number(exponent)
  if (written > decimals) return { kind: 'too-precise', decimals: written }
  const minor = Number(whole + fraction.padEnd(decimals, '0'))
  return Number.isSafeInteger(minor) ? { kind: 'exact', minor } : { kind: 'too-large' }
}

/**
 * Whether the amount is the same again after it was a number with decimals, as in JSON and in the event.
 * All are below 2^52 minor units; above, numbers lie further apart than the amounts of some currencies.
 */
export function isCarried(amountMinor: number, currency: Currency): boolean {
  return toMinor(toMajor(amountMinor, currency), currency) === amountMinor
}

/** With all decimals of the currency: 20.00. */
export function formatMinor(amountMinor: number, currency: Currency): string {
  const decimals = decimalsOf(currency)
  if (decimals === 0) return String(amountMinor)
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0')
  const sign = amountMinor < 0 ? '-' : ''
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
