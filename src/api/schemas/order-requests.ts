import { Type, type Static } from 'typebox'
import { INSTANT_PATTERN } from '../../models/instant.ts'
import { CURRENCY_CODES, type Currency } from '../../models/money.ts'
import {
  ORDER_ID_LENGTH_MAX,
  ORDER_ID_PATTERN,
  ORDER_STATUSES,
  QUANTITY_MAX,
  type OrderId,
  type OrderStatus,
} from '../../models/order.ts'
import { ID_FORMAT, INSTANT_FORMAT, RULE_KEYWORD, ruled } from './rule.ts'

const ID_RULE = `must be a string of 1 to ${ORDER_ID_LENGTH_MAX} characters without control characters`

const INSTANT_FORM = ', such as 2026-01-31T12:00:00Z or 2026-01-31T13:00+01, without leap seconds'

const NO_DOTS = ', and not "." or ".."'

/** Says of a trimmed string what isOrderId says; a test holds the two together. */
export function idText<Id extends string = string>(purpose: string) {
  return Type.Unsafe<Id>(
    Type.String({
      ...ruled(purpose, ID_RULE, NO_DOTS),
      minLength: 1,
      maxLength: ORDER_ID_LENGTH_MAX,
      pattern: ORDER_ID_PATTERN,
      format: ID_FORMAT,
    }),
  )
}

const orderId = idText<OrderId>('Names the order; spaces around it are dropped.')

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

export const BODY_RULE = { [RULE_KEYWORD]: 'must be a JSON object' }

/** With a name of its own, which generated clients give the type. */
export const newOrderItemSchema = Type.Object(
  {
    itemId: idText('Names the item; spaces around it are dropped.'),
    quantity: Type.Integer({
      ...ruled('How many.', `must be an integer from 1 to ${QUANTITY_MAX}`),
      minimum: 1,
      maximum: QUANTITY_MAX,
    }),
    price: Type.Number({
      ...ruled('Of one, with at most the decimals of the currency.', 'must be a number above 0'),
      exclusiveMinimum: 0,
      format: 'double',
    }),
  },
  {
    $id: 'NewOrderItem',
    description: 'A line of a new order.',
    [RULE_KEYWORD]: 'must be an object with itemId, quantity and price',
  },
)

const broughtFields = {
  customerId: Type.Optional(idText('Names the customer; spaces around it are dropped.')),
  orderDate: Type.Optional(
    Type.String({
      ...ruled(
        'When it was ordered; kept to the millisecond, in UTC.',
        'must be an ISO 8601 date and time with a time zone',
        INSTANT_FORM,
      ),
      format: INSTANT_FORMAT,
      pattern: INSTANT_PATTERN,
    }),
  ),
  currency: Type.Optional(
    Type.Unsafe<Currency>(
      Type.String({
        ...ruled(
          'Of the prices and the total.',
          'must be a three-letter ISO 4217 code',
          ' that this service knows: one of the list, in upper or lower case',
        ),
        enum: [...CURRENCY_CODES],
      }),
    ),
  ),
  totalAmount: Type.Optional(
    Type.Number({
      ...ruled('To have it checked.', 'must be the sum of price × quantity of the items'),
      exclusiveMinimum: 0,
      format: 'double',
    }),
  ),
}

const EXAMPLE_ITEMS = [
  { itemId: 'ITEM-LAPTOP-123', quantity: 1, price: 499.99 },
  { itemId: 'ITEM-MOUSE-456', quantity: 2, price: 24.5 },
]

const EXAMPLE_CREATION = {
  orderId: 'ORD-2',
  customerId: 'CUST-4711',
  orderDate: '2026-01-31T13:00:00+01:00',
  currency: 'EUR',
}

/** The service generates each field that the caller does not bring. */
export function createOrderRequest(maxItemsPerOrder: number) {
  const numItems = Type.Integer({
    ...ruled(
      'How many items the order gets; with items it must be their number.',
      numItemsRule(maxItemsPerOrder),
    ),
    minimum: 1,
    maximum: maxItemsPerOrder,
  })
  const items = Type.Array(
    Type.Unsafe<Static<typeof newOrderItemSchema>>(Type.Ref('NewOrderItem#')),
    {
      ...ruled('The lines of the order.', `must be a list of 1 to ${maxItemsPerOrder} items`),
      minItems: 1,
      maxItems: maxItemsPerOrder,
    },
  )
  return Type.Object(
    {
      orderId,
      numItems: Type.Optional(numItems),
      items: Type.Optional(items),
      ...broughtFields,
    },
    {
      ...BODY_RULE,
      // One of the two is needed. As anyOf, generated clients would make a choice of types of it.
      if: { required: ['items'] },
      else: { required: ['numItems'] },
      examples: [
        { orderId: 'ORD-1', numItems: Math.min(2, maxItemsPerOrder) },
        { ...EXAMPLE_CREATION, items: EXAMPLE_ITEMS.slice(0, maxItemsPerOrder) },
      ],
    },
  )
}

export const orderPath = Type.Object({ orderId })

export const updateOrderRequest = Type.Object(
  { orderId, status },
  { ...BODY_RULE, examples: [{ orderId: 'ORD-1', status: 'confirmed' }] },
)
