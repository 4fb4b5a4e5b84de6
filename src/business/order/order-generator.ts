import {
  GENERATED_CURRENCIES,
  minorPerMajor,
  readAmount,
  toMinor,
  type Currency,
} from '../../models/money.ts'
import { sumItems, type Order, type OrderItem } from '../../models/order.ts'
import type { Random } from '../ports.ts'
import type { BroughtItem, CreateOrder } from './commands.ts'

const ITEM_NAMES = [
  'LAPTOP',
  'PHONE',
  'TABLET',
  'MONITOR',
  'KEYBOARD',
  'MOUSE',
  'HEADSET',
  'CAMERA',
  'SPEAKER',
  'WATCH',
] as const

const PRICE_MAJOR_MIN = 10
const PRICE_MAJOR_MAX = 500

/**
 * The order that is asked for, dated `now` where no date is brought. What is not brought is made up: a
 * customer and `numItems` items of well-formed names, quantities of 1 to 5, prices of 10.00 to 500.00,
 * one of six currencies that all brought prices are amounts of. The total is their exact sum.
 */
export function completeOrder(
  { orderId, numItems, brought = {} }: Pick<CreateOrder, 'orderId' | 'numItems' | 'brought'>,
  now: string,
  random: Random,
): Order {
  const currency = brought.currency ?? pickCurrency(brought.items ?? [], random)
  const minorUnits = minorPerMajor(currency)
  const items =
    brought.items?.map((item) => toOrderItem(item, currency)) ??
    Array.from({ length: numItems }, () => generateItem(minorUnits, random))
  return {
    orderId,
    customerId: brought.customerId ?? `CUST-${random.integer(1000, 9999)}`,
    orderDate: brought.orderDate ?? now,
    items,
    totalMinor: sumItems(items),
    currency,
    status: 'pending',
  }
}

/** Whether the order is as asked for in all that is brought; what was made up may be anything. */
export function bringsOrder(
  { numItems, brought = {} }: Pick<CreateOrder, 'numItems' | 'brought'>,
  order: Order,
): boolean {
  const { customerId, orderDate, currency, items } = brought
  return (
    order.items.length === numItems &&
    (customerId ?? order.customerId) === order.customerId &&
    (orderDate ?? order.orderDate) === order.orderDate &&
    (currency ?? order.currency) === order.currency &&
    (items?.every((item, index) => isSameItem(item, order.items[index], order.currency)) ?? true)
  )
}

function isSameItem(
  { itemId, quantity, price }: BroughtItem,
  item: OrderItem | undefined,
  currency: Currency,
): boolean {
  if (item?.itemId !== itemId || item.quantity !== quantity) return false
  const amount = readAmount(price, currency)
  return amount.kind === 'exact' && amount.minor === item.priceMinor
}

function toOrderItem({ itemId, quantity, price }: BroughtItem, currency: Currency): OrderItem {
  return { itemId, quantity, priceMinor: toMinor(price, currency) }
}

/** The first one fits always: no generated currency has more decimals. */
function pickCurrency(items: readonly BroughtItem[], random: Random): Currency {
  if (items.length === 0) return pick(GENERATED_CURRENCIES, random)
  const [first, ...others] = GENERATED_CURRENCIES
  return pick([first, ...others.filter((one) => areAmountsOf(one, items))], random)
}

function areAmountsOf(currency: Currency, items: readonly BroughtItem[]): boolean {
  return items.every(({ price }) => readAmount(price, currency).kind === 'exact')
}

function generateItem(minorUnits: number, random: Random): OrderItem {
  return {
    itemId: `ITEM-${pick(ITEM_NAMES, random)}-${random.integer(100, 999)}`,
    quantity: random.integer(1, 5),
    priceMinor: random.integer(PRICE_MAJOR_MIN * minorUnits, PRICE_MAJOR_MAX * minorUnits),
  }
}

function pick<Value>(values: readonly [Value, ...Value[]], random: Random): Value {
  return values[random.integer(0, values.length - 1)] ?? values[0]
}
