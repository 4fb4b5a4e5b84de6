import { CURRENCIES, minorPerMajor } from '../../models/money.ts'
import { sumItems, type Order, type OrderId, type OrderItem } from '../../models/order.ts'
import type { Clock, Random } from '../ports.ts'

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
 * An order of `numItems` lines with everything but its id made up: a customer and items of well-formed
 * names, quantities of 1 to 5, prices of 10.00 to 500.00, one of six currencies, and their exact sum.
 */
export function generateOrder(
  orderId: OrderId,
  numItems: number,
  { clock, random }: { clock: Clock; random: Random },
): Order {
  const currency = pick(CURRENCIES, random)
  const minorUnits = minorPerMajor(currency)
  const items = Array.from({ length: numItems }, () => generateItem(minorUnits, random))
  return {
    orderId,
    customerId: `CUST-${random.integer(1000, 9999)}`,
    orderDate: clock.now().toISOString(),
    items,
    totalMinor: sumItems(items),
    currency,
    status: 'pending',
  }
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
