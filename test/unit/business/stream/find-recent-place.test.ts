import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findRecentPlace } from '../../../../src/business/stream/find-recent-place.ts'
import {
  FIRST_PLACE,
  isAfter,
  type EventPlace,
  type PlacedEvent,
} from '../../../../src/business/stream/settled-feed.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

const EVENTS_MAX = 20

/** Settlings of so many events each, with so many numbers that have none before them. */
function feedOf(settlings: readonly { readonly gap: number; readonly events: number }[]) {
  const store = new MemoryFeed()
  const model = store.settle('any')
  store.events.length = 0
  let settling = 0
  for (const { gap, events } of settlings) {
    settling += 1 + gap
    for (let count = 0; count < events; count += 1) {
      const place = { settling, arrival: store.events.length + 1 }
      store.events.push({ ...model, place })
    }
  }
  return store
}

function behind(events: readonly PlacedEvent[], from: EventPlace): readonly PlacedEvent[] {
  return events.filter(({ place }) => isAfter(place, from))
}

test('one look finds the last events where each has a number of its own', async () => {
  const store = feedOf(Array.from({ length: 1_000 }, () => ({ gap: 0, events: 1 })))
  const { place, until } = await findRecentPlace(store, EVENTS_MAX)
  assert.equal(behind(store.events, place).length, EVENTS_MAX)
  assert.deepEqual(until, store.events.at(-1)?.place)
  assert.deepEqual(store.asked, { places: 1, pages: 1 })
})

test('most of what was asked for is found where most numbers have no event', async () => {
  const store = feedOf(Array.from({ length: 200 }, () => ({ gap: 10_000, events: 1 })))
  const { place } = await findRecentPlace(store, EVENTS_MAX)
  const { length } = behind(store.events, place)
  assert.ok(length >= EVENTS_MAX / 2 && length <= EVENTS_MAX, `${length} events`)
})

test('an empty feed begins at its beginning', async () => {
  const place = await findRecentPlace(new MemoryFeed(), EVENTS_MAX)
  assert.deepEqual(place, { place: FIRST_PLACE, until: FIRST_PLACE })
})

test('finds some of the last events and never more than were asked for, however they were settled', async () => {
  const settling = fc.record({
    gap: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(100_000_000)),
    events: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3 * EVENTS_MAX })),
  })
  const property = fc.asyncProperty(fc.array(settling, { maxLength: 60 }), async (settlings) => {
    const store = feedOf(settlings)
    const { place, until } = await findRecentPlace(store, EVENTS_MAX)
    const { length } = behind(store.events, place)
    assert.ok(length <= EVENTS_MAX, `${length} events`)
    assert.ok(length >= Math.min(store.events.length, 1), `${length} events`)
    assert.deepEqual(until, store.events.at(-1)?.place ?? FIRST_PLACE)
    assert.ok(store.asked.pages <= 30, `${store.asked.pages} pages`)
  })
  await fc.assert(property, { numRuns: 300 })
})
