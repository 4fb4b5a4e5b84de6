import type { EventContract, EventExample } from '../models/event-contract.ts'
import { ORDER_EVENT_TYPES, type OrderEvent, type OrderEventType } from '../models/order-event.ts'
import { sumItems, type OrderId } from '../models/order.ts'
import { eventHeaders, headerRulesOf } from './kafka/event-headers.ts'
import { keySubject, valueSubject, type KeyFormat } from './schema-registry/event-encoder.ts'
import { orderSchemaFile, toOrderRecord } from './schema-registry/order-codec.ts'

const EXAMPLE_ITEMS = [
  { itemId: 'ITEM-LAPTOP-123', quantity: 1, priceMinor: 499_99 },
  { itemId: 'ITEM-MOUSE-456', quantity: 2, priceMinor: 24_50 },
]

const EXAMPLE_ORDER = {
  orderId: 'ORD-1' as OrderId,
  customerId: 'CUST-4711',
  orderDate: '2026-01-31T12:00:00.000Z',
  items: EXAMPLE_ITEMS,
  totalMinor: sumItems(EXAMPLE_ITEMS),
  currency: 'EUR',
} as const

const EXAMPLE_EVENTS: Readonly<Record<OrderEventType, OrderEvent>> = {
  'order-created': {
    eventId: '019c13ec-9e00-7a5b-9c3d-2f4e6a8b0c1d',
    type: 'order-created',
    version: 1,
    time: '2026-01-31T12:00:00.000Z',
    order: { ...EXAMPLE_ORDER, status: 'pending' },
  },
  'order-status-changed': {
    eventId: '019c13ed-8860-7b1e-8d2c-5a6f7b8c9d0e',
    type: 'order-status-changed',
    version: 2,
    time: '2026-01-31T12:01:00.000Z',
    order: { ...EXAMPLE_ORDER, status: 'confirmed' },
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
}

/** The contract of the events of this topic. The examples are made by the code that makes events. */
export function describeEvents(topic: string, keyFormat: KeyFormat): EventContract {
  return {
    topic,
    keyFormat,
    valueSubject: valueSubject(topic),
    keySubject: keyFormat === 'avro' ? keySubject(topic) : undefined,
    valueSchemaText: orderSchemaFile,
    kinds: ORDER_EVENT_TYPES.map((type) => ({
      type,
      headers: headerRulesOf(type),
      example: exampleOf(EXAMPLE_EVENTS[type]),
    })),
  }
}

function exampleOf(event: OrderEvent): EventExample {
  const headers = [...eventHeaders(event)].map(([name, value]) => [String(name), String(value)])
  return {
    key: event.order.orderId,
    headers: Object.fromEntries(headers) as Record<string, string>,
    payload: toOrderRecord(event.order),
  }
}
