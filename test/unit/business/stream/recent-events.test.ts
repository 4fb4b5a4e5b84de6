import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventBytes, eventBytesMax } from '../../../../src/business/stream/event-size.ts'
import { RecentEvents } from '../../../../src/business/stream/recent-events.ts'
import { FIRST_PLACE, type PlacedEvent } from '../../../../src/business/stream/settled-feed.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

/** As large as an event can be: each character of each id takes four bytes. */
function largestEvent(store: MemoryFeed, itemCount: number): PlacedEvent {
  const id = '🛒'.repeat(255)
  const event = store.settle('', 'pending', itemCount)
  const items = event.order.items.map((item) => ({ ...item, itemId: id }))
  return { ...event, order: { ...event.order, orderId: id as OrderId, customerId: id, items } }
}

test('memory is bounded by what events take, however long their ids are', () => {
  const store = new MemoryFeed()
  const recent = new RecentEvents(FIRST_PLACE)
  const events = Array.from({ length: 500 }, () => largestEvent(store, 100))
  recent.append(events)
  const kept = events.filter(({ place }) => recent.covers(place))
  const bytes = Buffer.byteLength(JSON.stringify(kept))
  assert.ok(bytes > 4 * 1024 * 1024 && bytes < 16 * 1024 * 1024, `${bytes} bytes are kept`)
})

test('no event that a request can bring is larger than the largest', () => {
  const event = largestEvent(new MemoryFeed(), 100)
  assert.ok(eventBytes(event) <= eventBytesMax(100))
  assert.ok(Buffer.byteLength(JSON.stringify(event.order)) < eventBytesMax(100))
})
