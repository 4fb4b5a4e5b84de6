import type { BroughtItem, BroughtOrder } from '../business/order/commands.ts'
import { toUtc } from '../models/instant.ts'
import {
  decimalsOf,
  formatMinor,
  isCarried,
  isCurrency,
  readAmount,
  type Currency,
} from '../models/money.ts'
import { sumItems, type OrderId } from '../models/order.ts'
import {
  alternativesMissing,
  fieldsInvalid,
  type FieldError,
  type RequestError,
} from './request-errors.ts'
import { numItemsRule } from './schemas/order-requests.ts'

/**
 * The order that a creation brings, and the rules that no schema says: how its fields agree. They are
 * judged beside the schema's, on the fields that it does not refuse, so that all is told at once.
 */

/** A body that the schema has accepted. */
interface CreationBody extends Omit<BroughtOrder, 'orderDate'> {
  readonly orderId: OrderId
  readonly numItems?: number
  readonly orderDate?: string
  readonly totalAmount?: number
}

/** Any field may be anything, unless it is not refused. */
type JudgedBody = { readonly [Field in keyof CreationBody]?: unknown }

/** One that is generated may be any with so many decimals or fewer. */
const WIDEST_GENERATED: Currency = 'USD'

/**
 * Before the fields are judged: spaces around ids of items mean nothing, nor does the case of a code. Of
 * too many items one too many is judged; each could be wrong, and a body has room for thousands.
 */
export function tidyCreation(body: Record<string, unknown>, maxItemsPerOrder: number): void {
  const { currency, items } = body
  // ASCII alone: other letters become ours in upper case, too.
  if (typeof currency === 'string' && /^[a-z]{3}$/i.test(currency)) {
    const code = currency.toUpperCase()
    if (isCurrency(code)) body['currency'] = code
  }
  if (!Array.isArray(items)) return
  const judged: readonly unknown[] = items.slice(0, maxItemsPerOrder + 1)
  for (const item of judged) if (isObject(item)) trim(item, 'itemId')
  body['items'] = judged
}

/** `refused` is what the schema has found. Throws REQUEST_INVALID. */
export function readCreation(
  body: unknown,
  refused: RequestError | undefined,
  maxItemsPerOrder: number,
): { orderId: OrderId; numItems: number; brought: BroughtOrder } {
  const found = refused?.fieldErrors ?? []
  const disagreements = isObject(body) ? judge(body, found, maxItemsPerOrder) : []
  const errors = [...found, ...disagreements]
  if (errors.length > 0) throw fieldsInvalid(errors)
  const { orderId, numItems, customerId, orderDate, currency, items } = body as CreationBody
  const instant = orderDate === undefined ? undefined : toUtc(orderDate)
  return {
    orderId,
    numItems: numItems ?? items?.length ?? 0,
    brought: {
      ...(customerId === undefined ? {} : { customerId }),
      ...(instant === undefined ? {} : { orderDate: instant }),
      ...(currency === undefined ? {} : { currency }),
      ...(items === undefined ? {} : { items: items.map(toBroughtItem) }),
    },
  }
}

/** Without the fields that nobody asked for. */
function toBroughtItem({ itemId, quantity, price }: BroughtItem): BroughtItem {
  return { itemId, quantity, price }
}

function judge(
  body: JudgedBody,
  found: readonly FieldError[],
  maxItemsPerOrder: number,
): FieldError[] {
  const refused = new Set(found.map(({ field }) => field))
  const { numItems, items, totalAmount } = body
  if (numItems === undefined && items === undefined) {
    const rule = `numItems ${numItemsRule(maxItemsPerOrder)}`
    return [
      alternativesMissing('numItems', 'items', rule),
      ...(totalAmount === undefined || refused.has('totalAmount') ? [] : [sumOfNothing()]),
    ]
  }
  return [
    ...(refused.has('items') || refused.has('numItems') ? [] : judgeCount(body)),
    ...(refused.has('currency') ? [] : judgeAmounts(body, refused)),
  ]
}

function judgeCount({ numItems, items }: JudgedBody): FieldError[] {
  if (typeof numItems !== 'number' || !Array.isArray(items)) return []
  if (numItems === items.length) return []
  const message = `numItems is ${numItems}, but the number of items is ${items.length}`
  return [{ field: 'numItems', message }]
}

function judgeAmounts(body: JudgedBody, refused: ReadonlySet<string>): FieldError[] {
  const purse: Purse = {
    currency: (body.currency as Currency | undefined) ?? WIDEST_GENERATED,
    isBrought: body.currency !== undefined,
  }
  const { items, totalAmount } = body
  const total =
    totalAmount === undefined || refused.has('totalAmount') ? undefined : Number(totalAmount)
  if (items === undefined) return total === undefined ? [] : [sumOfNothing()]
  const prices = Array.isArray(items) ? judgePrices(items, refused, purse) : []
  // A name that is wrong changes no sum.
  const hasSum = ![...refused].some((field) => /^items(?!.*\.itemId$)/.test(field))
  if (!hasSum || prices.length > 0) {
    return total === undefined ? prices : [...prices, ...judgeAmount('totalAmount', total, purse)]
  }
  return judgeSum(items as readonly BroughtItem[], total, purse)
}

interface Purse {
  readonly currency: Currency
  readonly isBrought: boolean
}

function judgePrices(
  items: readonly unknown[],
  refused: ReadonlySet<string>,
  purse: Purse,
): FieldError[] {
  return items.flatMap((item, index) => {
    const field = `items[${index}].price`
    const price = isObject(item) ? item['price'] : undefined
    return typeof price !== 'number' || refused.has(field) ? [] : judgeAmount(field, price, purse)
  })
}

function judgeAmount(field: string, value: number, { currency, isBrought }: Purse): FieldError[] {
  const amount = readAmount(value, currency)
  switch (amount.kind) {
    case 'exact':
      return []
    case 'too-large': {
      const most = formatMinor(Number.MAX_SAFE_INTEGER, currency)
      return [{ field, message: `${field} must be at most ${most}, got ${value}` }]
    }
    case 'too-precise': {
      const allowed = isBrought
        ? `${currency} has ${decimalsOf(currency)}`
        : `without a currency it may have ${decimalsOf(currency)}`
      const { decimals } = amount
      const many = `${decimals} decimal${decimals === 1 ? '' : 's'}`
      return [{ field, message: `${field} has ${many}; ${allowed}` }]
    }
  }
}

function judgeSum(
  items: readonly BroughtItem[],
  total: number | undefined,
  purse: Purse,
): FieldError[] {
  const { currency } = purse
  const sumMinor = sumItems(
    items.map(({ quantity, price }) => {
      const amount = readAmount(price, currency)
      return { quantity, priceMinor: amount.kind === 'exact' ? amount.minor : 0 }
    }),
  )
  if (!Number.isSafeInteger(sumMinor)) {
    const most = formatMinor(Number.MAX_SAFE_INTEGER, currency)
    return [{ field: 'items', message: `items add up to more than ${most}` }]
  }
  const sum = formatMinor(sumMinor, currency)
  if (!isCarried(sumMinor, currency)) {
    const message = `items add up to ${sum}, which is not exact as a number with decimals`
    return [{ field: 'items', message }]
  }
  if (total === undefined) return []
  const amount = readAmount(total, currency)
  if (amount.kind === 'too-precise') return judgeAmount('totalAmount', total, purse)
  if (amount.kind === 'exact' && amount.minor === sumMinor) return []
  const given = amount.kind === 'exact' ? formatMinor(amount.minor, currency) : String(total)
  const message = `totalAmount is ${given}, but the items add up to ${sum}`
  return [{ field: 'totalAmount', message }]
}

function sumOfNothing(): FieldError {
  const message = 'totalAmount must come with items: it is their sum'
  return { field: 'totalAmount', message }
}

function trim(record: Record<string, unknown>, field: string): void {
  const value = record[field]
  if (typeof value === 'string') record[field] = value.trim()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
