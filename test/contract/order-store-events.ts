import { randomUUID } from 'node:crypto'

import type { TakeOverChoice } from '../../src/business/ports.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import type { Order, OrderId, OrderStatus } from '../../src/models/order.ts'

/** Events as the business builds them, for tests of a store. */

/** An instance takes this over when nothing speaks against it. */
export const FROM_ALL: TakeOverChoice = { expiredForMs: 0, exceptPartitions: [] }

export function newOrderId(): OrderId {
  return `order-${randomUUID()}` as OrderId
}

export function orderOf(orderId: OrderId, status: OrderStatus = 'pending'): Order {
  return {
    orderId,
    customerId: 'CUST-1234',
    orderDate: '2026-02-03T04:05:06.789Z',
    items: [
      { itemId: 'ITEM-LAPTOP-123', quantity: 2, priceMinor: 1999 },
      { itemId: 'ITEM-PHONE-456', quantity: 1, priceMinor: 50000 },
    ],
    totalMinor: 53998,
    currency: 'EUR',
    status,
  }
}

export function creationOf(orderId: OrderId): PendingEvent {
  return pendingOf(orderOf(orderId), 1)
}

/** `version` is the one that the change makes: 2 or above. */
export function changeOf(orderId: OrderId, version: number, status: OrderStatus): PendingEvent {
  return pendingOf(orderOf(orderId, status), version)
}

function pendingOf(order: Order, version: number): PendingEvent {
  return {
    event: {
      eventId: randomUUID(),
      type: version === 1 ? 'order-created' : 'order-status-changed',
      version,
      time: '2026-02-03T04:05:06.790Z',
      order,
    },
    encoded: {
      key: new TextEncoder().encode(order.orderId),
      value: Uint8Array.of(0, 0, 0, 0, 7, version, 255, 128),
      schemaId: 7,
    },
    topic: 'order-events',
    partition: 2,
    searchFromOffset: 40 + version,
    producer: { id: 4_001, epoch: 0 },
  }
}
