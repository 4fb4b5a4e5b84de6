import { ORDER_ID_LENGTH_MAX, type Order } from '../../models/order.ts'

/**
 * What an event takes in memory, at most: the object, and the frame that is made of it for readers. A
 * text has up to two bytes for each of its units in the one, and three in the other.
 */

const EVENT_BYTES = 1_500
const ITEM_BYTES = 150
const UNIT_BYTES = 5

/** Of any id. A character may have two units. */
const ID_UNITS_MAX = 2 * ORDER_ID_LENGTH_MAX

export function eventBytes({ order }: { readonly order: Order }): number {
  const { orderId, customerId, items } = order
  let units = orderId.length + customerId.length
  for (const { itemId } of items) units += itemId.length
  return EVENT_BYTES + items.length * ITEM_BYTES + units * UNIT_BYTES
}

/** Of the largest order with so many items. */
export function eventBytesMax(itemsMax: number): number {
  const units = (2 + itemsMax) * ID_UNITS_MAX
  return EVENT_BYTES + itemsMax * ITEM_BYTES + units * UNIT_BYTES
}
