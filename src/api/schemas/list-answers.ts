import { Type, type Static } from 'typebox'
import type { SettledEvent } from '../../business/ports.ts'
import { CLOUD_EVENT_TYPES, ORDER_EVENT_TYPES } from '../../models/order-event.ts'
import { ORDER_STATUSES, type OrderStatus } from '../../models/order.ts'
import { EXAMPLE_ORDER, type OrderJson } from './order-json.ts'

const nextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'For the next page; null at the end.',
})

export const orderEventSchema = Type.Object({
  eventId: Type.String({ description: 'ce_id: a UUID v7.' }),
  type: Type.String({
    description: 'ce_type.',
    enum: ORDER_EVENT_TYPES.map((type) => CLOUD_EVENT_TYPES[type]),
  }),
  version: Type.Integer({ description: 'ce_sequence: from 1, without gaps.' }),
  time: Type.String({ description: 'ce_time: ISO 8601, UTC, with Z.' }),
  status: Type.Unsafe<OrderStatus>(Type.String({ enum: [...ORDER_STATUSES] })),
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer(),
  schemaId: Type.Integer({ description: 'In the Schema Registry.' }),
})

type OrderEventJson = Static<typeof orderEventSchema>

export const EXAMPLE_EVENT: OrderEventJson = {
  eventId: '01991f3c-5d3e-7c2b-9a4f-2f6d1c0b8e7a',
  type: CLOUD_EVENT_TYPES['order-created'],
  version: 1,
  time: '2026-01-31T12:00:00.000Z',
  status: 'pending',
  topic: 'order-events',
  partition: 2,
  offset: 41,
  schemaId: 1,
}

export const listOrdersAnswer = Type.Object(
  {
    success: Type.Literal(true),
    message: Type.String(),
    data: Type.Array(Type.Unsafe<OrderJson>(Type.Ref('Order#'))),
    nextCursor,
  },
  {
    description: 'One page of orders, newest first.',
    examples: [
      { success: true, message: '1 order found', data: [EXAMPLE_ORDER], nextCursor: null },
    ],
  },
)

export const listEventsAnswer = Type.Object(
  {
    success: Type.Literal(true),
    message: Type.String(),
    data: Type.Array(orderEventSchema),
    nextCursor,
  },
  {
    description: 'One page of the events of an order, oldest first.',
    examples: [
      { success: true, message: '1 event found', data: [EXAMPLE_EVENT], nextCursor: null },
    ],
  },
)

export function toOrderEventJson({ position, ...event }: SettledEvent): OrderEventJson {
  const type = CLOUD_EVENT_TYPES[event.type]
  return { ...event, type, ...position }
}

export function countMessage(count: number, what: 'order' | 'event'): string {
  return `${count} ${what}${count === 1 ? '' : 's'} found`
}
