import type { OrderEvent, PendingEvent } from '../../src/models/order-event.ts'
import type { Order, OrderId } from '../../src/models/order.ts'
import { systemIds } from '../../src/service/system.ts'

interface EventParts {
  readonly orderId?: OrderId
  readonly version?: number
  readonly type?: OrderEvent['type']
  readonly traceparent?: string
  readonly principal?: string
}

export function someOrder(orderId = 'ORD-1' as OrderId): Order {
  return {
    orderId,
    customerId: 'CUST-1234',
    orderDate: '2026-11-23T08:00:00.000Z',
    items: [{ itemId: 'ITEM-LAPTOP-100', quantity: 2, priceMinor: 1999 }],
    totalMinor: 3998,
    currency: 'USD',
    status: 'pending',
  }
}

/** A valid event with an id of its own. */
export function someEvent(parts: EventParts): OrderEvent {
  const { orderId, version = 1, type = 'order-created', traceparent, principal } = parts
  return {
    eventId: systemIds.nextEventId(),
    type,
    version,
    time: '2026-11-23T08:00:00.000Z',
    order: someOrder(orderId),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(principal === undefined ? {} : { principal }),
  }
}

/** The event with bytes and a place; `valueBytes` makes it as large as a test needs. */
export function somePending(
  parts: EventParts & { partition?: number; searchFromOffset?: number; valueBytes?: number },
): PendingEvent {
  const event = someEvent(parts)
  const value = new Uint8Array(parts.valueBytes ?? 100)
  return {
    event,
    encoded: { key: Buffer.from(event.order.orderId), value, schemaId: 1 },
    topic: 'order-events',
    partition: parts.partition ?? 0,
    searchFromOffset: parts.searchFromOffset ?? 0,
    producer: { id: 4_001, epoch: 0 },
  }
}
