import { UsageError } from '../command.ts'

/** The order of `cart create` as options have it. */
export interface OrderOptions {
  readonly items?: string | undefined
  readonly item?: readonly string[] | undefined
  readonly customer?: string | undefined
  readonly currency?: string | undefined
  readonly date?: string | undefined
}

const ITEMS_BY_DEFAULT = '3'

/**
 * The body of the request. Its rules are the service's: what is no number where one belongs is sent as
 * it is, and refused with the path of its field.
 */
export function bodyOfOptions(orderId: string, options: OrderOptions): object {
  const { item: items, customer, currency, date } = options
  const numItems = options.items ?? (items === undefined ? ITEMS_BY_DEFAULT : undefined)
  return {
    orderId,
    ...(numItems === undefined ? {} : { numItems: numberOrText(numItems) }),
    ...(customer === undefined ? {} : { customerId: customer }),
    ...(date === undefined ? {} : { orderDate: date }),
    ...(currency === undefined ? {} : { currency }),
    ...(items === undefined ? {} : { items: items.map(itemOf) }),
  }
}

/** From its end: an id may have colons, quantity and price have none. */
const ITEM = /^(?<itemId>.*):(?<quantity>[^:]*):(?<price>[^:]*)$/s

function itemOf(text: string): object {
  const { itemId, quantity = '', price = '' } = ITEM.exec(text)?.groups ?? {}
  if (itemId === undefined) {
    const form = '<id>:<quantity>:<price>, such as ITEM-LAPTOP-123:1:499.99'
    throw new UsageError(`--item must be ${form}, got '${text}'`)
  }
  return { itemId, quantity: numberOrText(quantity), price: numberOrText(price) }
}

/** Every number keeps so many of the digits that were written. */
const DIGITS_KEPT = 15

/** It is newer than its type is here. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object }

/** One of more digits is sent as it was written: the service refuses what it would have to round. */
function numberOrText(text: string): number | string | object {
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return text
  const written = text.replace(/^(-?)0+(?=\d)/, '$1')
  return written.replaceAll(/\D/g, '').length <= DIGITS_KEPT ? Number(text) : rawJSON(written)
}

/** The same options again, as names and values. */
export function listOrderOptions(options: OrderOptions): Array<readonly [string, string]> {
  const { items, item = [], customer, currency, date } = options
  const single = Object.entries({ items, customer, currency, date }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return [...single, ...item.map((text) => ['item', text] as const)]
}
