import type { PlacedEvent } from '../../business/stream/settled-feed.ts'
import type { OrderId } from '../../models/order.ts'
import { eventFrame, openingFrame } from '../stream/event-frame.ts'

export const STREAM_MEDIA_TYPE = 'text/event-stream'

const EXAMPLE_EVENT: PlacedEvent = {
  place: { settling: 4711, arrival: 1207 },
  eventId: '01991f3c-5d3e-7c2b-9a4f-2f6d1c0b8e7a',
  type: 'order-status-changed',
  version: 2,
  time: '2026-01-31T12:00:05.000Z',
  settledAt: '2026-01-31T12:00:05.004Z',
  status: 'confirmed',
  topic: 'order-events',
  position: { partition: 2, offset: 42 },
  schemaId: 1,
  order: {
    orderId: 'ORD-1' as OrderId,
    customerId: 'CUST-4711',
    orderDate: '2026-01-31T12:00:00.000Z',
    items: [{ itemId: 'ITEM-LAPTOP-123', quantity: 1, priceMinor: 49_999 }],
    totalMinor: 49_999,
    currency: 'EUR',
    status: 'confirmed',
  },
}

export const EXAMPLE_STREAM =
  openingFrame({ place: { settling: 4698, arrival: 1206 } }) + eventFrame(EXAMPLE_EVENT).toString()
