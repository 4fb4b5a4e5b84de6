import { Type } from 'typebox'
import {
  ORDER_ID_LENGTH_MAX,
  ORDER_ID_PATTERN,
  ORDER_STATUSES,
  type OrderId,
  type OrderStatus,
} from '../../models/order.ts'
import { RULE_KEYWORD, ruled } from './rule.ts'

/** Says of a trimmed string what isOrderId says; a test holds the two together. */
const orderId = Type.Unsafe<OrderId>(
  Type.String({
    ...ruled(
      'Names the order; spaces around it are dropped.',
      `must be a string of 1 to ${ORDER_ID_LENGTH_MAX} characters without control characters`,
    ),
    minLength: 1,
    maxLength: ORDER_ID_LENGTH_MAX,
    pattern: ORDER_ID_PATTERN,
  }),
)

const status = Type.Unsafe<OrderStatus>(
  Type.String({
    ...ruled('The new status.', `must be one of ${ORDER_STATUSES.join(', ')}`),
    enum: [...ORDER_STATUSES],
  }),
)

/** The rule of numItems. */
export function numItemsRule(maxItemsPerOrder: number): string {
  return `must be an integer from 1 to ${maxItemsPerOrder}`
}

const BODY_RULE = { [RULE_KEYWORD]: 'must be a JSON object' }

export function createOrderRequest(maxItemsPerOrder: number) {
  const numItems = Type.Integer({
    ...ruled('How many items the order gets.', numItemsRule(maxItemsPerOrder)),
    minimum: 1,
    maximum: maxItemsPerOrder,
  })
  return Type.Object(
    { orderId, numItems },
    { ...BODY_RULE, examples: [{ orderId: 'ORD-1', numItems: Math.min(2, maxItemsPerOrder) }] },
  )
}

/** In a path the id stands as it is: nothing is trimmed. */
export const orderPath = Type.Object({ orderId })

export const updateOrderRequest = Type.Object(
  { orderId, status },
  { ...BODY_RULE, examples: [{ orderId: 'ORD-1', status: 'confirmed' }] },
)
