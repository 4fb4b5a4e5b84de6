import { randomUUID } from 'node:crypto'
import { StoreError } from '../../src/business/ports.ts'
import {
  FIRST_PLACE,
  isAfter,
  type EventPlace,
  type PlacedEvent,
  type SettledFeed,
} from '../../src/business/stream/settled-feed.ts'
import type { OrderId, OrderStatus } from '../../src/models/order.ts'

/** A feed of settled events in memory, which tells how often it was asked. */
export class MemoryFeed implements SettledFeed {
  readonly events: PlacedEvent[] = []
  readonly asked = { places: 0, pages: 0 }
  /** Of each page that was asked for. */
  readonly limits: number[] = []
  isDown = false
  hasNoPages = false
  retiredPlace = FIRST_PLACE

  settle(orderId: string, status: OrderStatus = 'pending', itemCount = 1): PlacedEvent {
    const number = this.events.length + 1
    const item = { itemId: 'ITEM-PHONE-100', quantity: 1, priceMinor: 1_000 }
    const event: PlacedEvent = {
      place: { settling: 10 * number, arrival: number },
      eventId: randomUUID(),
      type: status === 'pending' ? 'order-created' : 'order-status-changed',
      version: 1 + this.events.filter(({ order }) => order.orderId === orderId).length,
      time: '2026-01-31T12:00:00.000Z',
      status,
      topic: 'order-events',
      position: { partition: 0, offset: number },
      schemaId: 7,
      settledAt: '2026-01-31T12:00:00.004Z',
      order: {
        orderId: orderId as OrderId,
        customerId: 'CUST-1000',
        orderDate: '2026-01-31T12:00:00.000Z',
        items: Array.from({ length: itemCount }, () => item),
        totalMinor: 1_000 * itemCount,
        currency: 'USD',
        status,
      },
    }
    this.events.push(event)
    return event
  }

  async findLastPlace(): Promise<EventPlace> {
    this.asked.places += 1
    if (this.isDown) throw new StoreError('down', 'no')
    return this.events.at(-1)?.place ?? FIRST_PLACE
  }

  async findRetiredPlace(): Promise<EventPlace> {
    if (this.isDown) throw new StoreError('down', 'no')
    return this.retiredPlace
  }

  /** The first `count` events are gone with their orders. */
  retire(count: number): void {
    this.retiredPlace = this.events.splice(0, count).at(-1)?.place ?? this.retiredPlace
  }

  async listSettled(after: EventPlace, limit: number): Promise<readonly PlacedEvent[]> {
    this.asked.pages += 1
    this.limits.push(limit)
    if (this.isDown || this.hasNoPages) throw new StoreError('down', 'no')
    const from = this.events.findIndex(({ place }) => isAfter(place, after))
    return from === -1 ? [] : this.events.slice(from, from + limit)
  }
}
