import { Type, type Static } from 'typebox'
import { toMajor, type Currency } from '../../models/money.ts'
import { ORDER_STATUSES, type Order, type OrderStatus } from '../../models/order.ts'

/** With a name of its own, which generated clients give the type. */
export const orderItemSchema = Type.Object(
  {
    itemId: Type.String({ description: 'As it was brought, or ITEM-<NAME>-<100..999>.' }),
    quantity: Type.Integer({ description: 'As it was brought, or from 1 to 5.' }),
    price: Type.Number({
      format: 'double',
      description: 'Of one piece, with as many decimals as the currency has.',
    }),
  },
  { $id: 'OrderItem', description: 'A line of an order.' },
)

/** The order as callers see it; the fields are written in this order. */
export const orderSchema = Type.Object(
  {
    orderId: Type.String({ description: 'As the request named it.' }),
    customerId: Type.String({
      description: 'As it was brought, or CUST-<1000..9999>; empty where it was erased.',
    }),
    orderDate: Type.String({
      description: 'As it was brought, or when it was created: ISO 8601, UTC, with Z.',
    }),
    items: Type.Array(Type.Unsafe<Static<typeof orderItemSchema>>(Type.Ref('OrderItem#'))),
    totalAmount: Type.Number({
      description: 'Exactly the sum of price × quantity.',
      format: 'double',
    }),
    currency: Type.Unsafe<Currency>(
      Type.String({ description: 'ISO 4217.', pattern: '^[A-Z]{3}$' }),
    ),
    status: Type.Unsafe<OrderStatus>(Type.String({ enum: [...ORDER_STATUSES] })),
  },
  { $id: 'Order', description: 'An order, as it is after the change.' },
)

export type OrderJson = Static<typeof orderSchema>

export const EXAMPLE_ORDER: OrderJson = {
  orderId: 'ORD-1',
  customerId: 'CUST-4711',
  orderDate: '2026-01-31T12:00:00.000Z',
  items: [
    { itemId: 'ITEM-LAPTOP-123', quantity: 1, price: 499.99 },
    { itemId: 'ITEM-MOUSE-456', quantity: 2, price: 24.5 },
  ],
  totalAmount: 548.99,
  currency: 'EUR',
  status: 'pending',
}

/** The body of a 200 or 201. `done` ends the message: "created successfully". */
export function orderAnswerSchema(done: string, description: string, status: OrderStatus) {
  const data = Type.Unsafe<OrderJson>(Type.Ref('Order#'))
  const example = {
    success: true,
    message: orderMessage('ORD-1', done),
    data: { ...EXAMPLE_ORDER, status },
  }
  return Type.Object(
    { success: Type.Literal(true), message: Type.String(), data },
    { description, examples: [example] },
  )
}

export function orderMessage(orderId: string, done: string): string {
  return `Order '${orderId}' ${done}`
}

export function toOrderJson(order: Order): OrderJson {
  const { currency } = order
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    orderDate: order.orderDate,
    items: order.items.map(({ itemId, quantity, priceMinor }) => ({
      itemId,
      quantity,
      price: toMajor(priceMinor, currency),
    })),
    totalAmount: toMajor(order.totalMinor, currency),
    currency,
    status: order.status,
  }
}
