import { formatMinor, isCurrency, readAmount } from '../models/money.ts'

/**
 * The amount with all decimals of its currency: 20.50 EUR, 1500 JPY. One that is no amount of that
 * currency, as anybody can write it on a topic, is shown as it is.
 */
export function amountText(amount: number, currency: string): string {
  if (!isCurrency(currency)) return String(amount)
  const read = readAmount(amount, currency)
  return read.kind === 'exact' ? formatMinor(read.minor, currency) : String(amount)
}

/** Of so many pieces, exactly. */
export function productText(price: number, quantity: number, currency: string): string {
  if (!isCurrency(currency)) return String(price * quantity)
  const read = readAmount(price, currency)
  return read.kind === 'exact'
    ? formatMinor(read.minor * quantity, currency)
    : String(price * quantity)
}
