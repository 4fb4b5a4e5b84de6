import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { eventBytes, eventBytesMax } from '../../../../src/business/stream/event-size.ts'
import { LiveFeed, type FoundStart } from '../../../../src/business/stream/live-feed.ts'
import type { WantedPage } from '../../../../src/business/stream/old-events.ts'
import {
  FIRST_PLACE,
  type EventPlace,
  type PlacedEvent,
} from '../../../../src/business/stream/settled-feed.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

/** Of a reader that does not leave. */
const STAYING = new AbortController().signal

function wanted(limit: number, keptFrom = FIRST_PLACE): WantedPage {
  return { limit, keptFrom }
}

/** A follower that reads everything it can, from where it began. */
function setUp(itemsMax = 1) {
  const clock = new ManualClock()
  const store = new MemoryFeed()
  const known = { bytes: eventBytesMax(itemsMax) }
  const feed = new LiveFeed({
    feed: store,
    clock,
    publishTimeoutMs: 5_000,
    eventBytesMax: () => known.bytes,
  })
  const seen: PlacedEvent[] = []
  const calls = { ended: 0 }
  const follow = () =>
    feed.follow({
      onEvents() {
        seen.push(...(feed.listRecent(seen.at(-1)?.place ?? FIRST_PLACE) ?? []))
      },
      onEnd() {
        calls.ended += 1
      },
    })
  return { clock, store, feed, known, seen, calls, follow }
}

function foundAt(place: EventPlace): FoundStart {
  return { kind: 'found', start: { place, keptFrom: place } }
}

/** Lets everything happen that waits for no clock. */
async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
}

/** It has gathered, and looks again when it is called or much later. */
async function untilItWaits(clock: ManualClock): Promise<void> {
  await settleDown()
  clock.advance(50)
  await settleDown()
}

test('events of other instances are found without a call, those of this one at once', async () => {
  const { clock, store, feed, seen, follow } = setUp()
  const unfollow = follow()
  await settleDown()
  store.settle('elsewhere')
  await clock.runUntil(() => seen.length === 1)
  await untilItWaits(clock)
  store.settle('here')
  feed.wake()
  await settleDown()
  assert.deepEqual(seen, store.events)
  unfollow()
})

test('what is settled in one moment is read together, and a call while it reads is not lost', async () => {
  const { clock, store, feed, seen, follow } = setUp()
  const unfollow = follow()
  await untilItWaits(clock)
  const { pages } = store.asked
  for (let index = 0; index < 40; index += 1) {
    store.settle(`ORD-${index}`)
    feed.wake()
    await setImmediate()
  }
  await settleDown()
  assert.equal(store.asked.pages, pages + 1)
  clock.advance(50)
  await settleDown()
  assert.equal(seen.length, 40)
  unfollow()
})

test('the store is asked only while somebody follows', async () => {
  const { clock, store, feed, follow } = setUp()
  await clock.runUntil(() => clock.monotonicMs() >= 2_000)
  assert.deepEqual(store.asked, { places: 0, pages: 0 })
  const unfollow = follow()
  await clock.runUntil(() => store.asked.pages >= 3)
  unfollow()
  await settleDown()
  const before = { ...store.asked }
  feed.wake()
  await clock.runUntil(() => clock.monotonicMs() >= 10_000)
  assert.deepEqual(store.asked, before)
})

test('what is settled while nobody follows is not taken for read', async () => {
  const { clock, store, feed, seen, follow } = setUp()
  const unfollow = follow()
  await settleDown()
  const start = await feed.findStart('now')
  unfollow()
  store.settle('missed')
  const unfollowAgain = follow()
  await clock.runUntil(() => store.asked.places === 2)
  assert.deepEqual(start, foundAt(FIRST_PLACE))
  assert.equal(feed.listRecent(FIRST_PLACE), undefined)
  assert.deepEqual(await feed.readPage(FIRST_PLACE, wanted(10), STAYING), store.events)
  assert.deepEqual(seen, [])
  unfollowAgain()
})

test('a store that fails is asked again, from the same place', async () => {
  const { clock, store, seen, follow } = setUp()
  const unfollow = follow()
  await settleDown()
  store.isDown = true
  store.settle('a')
  const { pages } = store.asked
  await clock.runUntil(() => store.asked.pages >= pages + 3)
  store.isDown = false
  await clock.runUntil(() => seen.length === 1)
  unfollow()
})

test('memory is bounded, and says what it does not reach back to', async () => {
  const { clock, store, feed, follow } = setUp()
  const unfollow = follow()
  await settleDown()
  const large = 95
  for (let index = 0; index < 1_000; index += 1) store.settle(`ORD-${index}`, 'pending', large)
  await clock.runUntil(() => store.asked.pages >= 6)
  const [first, kept] = [store.events[0], store.events[500]]
  assert.equal(feed.listRecent(first?.place ?? assert.fail()), undefined)
  assert.deepEqual(feed.listRecent(kept?.place ?? assert.fail()), store.events.slice(501, 751))
  assert.deepEqual(feed.listRecent(store.events.at(-1)?.place ?? assert.fail()), [])
  unfollow()
})

test('a page has as many events as fit, were all as large as they can be', async () => {
  const { clock, store, feed, known, seen, follow } = setUp(1_000)
  const unfollow = follow()
  await settleDown()
  for (let index = 0; index < 30; index += 1) store.settle(`ORD-${index}`)
  await clock.runUntil(() => seen.length === 30)
  await feed.readPage(FIRST_PLACE, wanted(250), STAYING)
  assert.equal(Math.max(...store.limits), 12)
  known.bytes = eventBytes(store.settle('large', 'pending', 75_000))
  await clock.runUntil(() => seen.length === 31)
  const page = await feed.readPage(FIRST_PLACE, wanted(5), STAYING)
  assert.deepEqual([page, store.limits.at(-1)], [store.events.slice(0, 2), 2])
  unfollow()
})

test('readers that come together ask for the last place once, and not by a question from before', async () => {
  const { store, feed } = setUp()
  const first = feed.findStart('now')
  await settleDown()
  const held = Promise.withResolvers<void>()
  const findLastPlace = store.findLastPlace.bind(store)
  store.findLastPlace = async () => {
    const last = await findLastPlace()
    await held.promise
    return last
  }
  const second = feed.findStart('now')
  await settleDown()
  const { place } = store.settle('told-elsewhere')
  const others = Array.from({ length: 100 }, () => feed.findStart(place))
  await settleDown()
  assert.equal(store.asked.places, 2)
  held.resolve()
  const none = foundAt(FIRST_PLACE)
  assert.deepEqual(await Promise.all([first, second]), [none, none])
  for (const start of await Promise.all(others)) assert.deepEqual(start, foundAt(place))
  assert.equal(store.asked.places, 3)
})

test('a store that did not know the last place is asked by the next reader', async () => {
  const { store, feed } = setUp()
  store.isDown = true
  await assert.rejects(feed.findStart('now'), { code: 'STORE_UNAVAILABLE' })
  store.isDown = false
  assert.deepEqual(await feed.findStart('now'), foundAt(FIRST_PLACE))
})

test('a place is known when this or another instance may have told it', async () => {
  const { store, feed, follow } = setUp()
  const unfollow = follow()
  await settleDown()
  const { place } = store.settle('told-elsewhere')
  assert.deepEqual(await feed.findStart(place), foundAt(place))
  const never = { ...place, arrival: place.arrival + 1 }
  assert.deepEqual(await feed.findStart(never), { kind: 'not-ours' })
  assert.deepEqual(await feed.findStart('beginning'), foundAt(FIRST_PLACE))
  unfollow()
})

test('a place is refused where events behind it were retired, and not where they are in memory', async () => {
  const { store, feed, follow } = setUp()
  const [first, second] = [store.settle('a').place, store.settle('b').place]
  const unfollow = follow()
  await settleDown()
  const { place: third } = store.settle('c')
  store.retire(2)
  assert.deepEqual(await feed.findStart(first), { kind: 'retired', until: second })
  assert.deepEqual(await feed.findStart(second), foundAt(second))
  assert.deepEqual(await feed.findStart('beginning'), {
    kind: 'found',
    start: { place: FIRST_PLACE, keptFrom: second },
  })
  store.retire(1)
  assert.deepEqual(await feed.findStart(third), foundAt(third))
  unfollow()
})

test('a reader may begin with some of the last events, and is told where those end', async () => {
  const { store, feed } = setUp()
  const nothing = { place: FIRST_PLACE, keptFrom: FIRST_PLACE, recentUntil: FIRST_PLACE }
  assert.deepEqual(await feed.findStart('recent'), { kind: 'found', start: nothing })
  for (let count = 0; count < 300; count += 1) store.settle(`ORD-${count}`)
  const found = await feed.findStart('recent')
  assert.ok(found.kind === 'found')
  const { place, keptFrom, recentUntil } = found.start
  assert.deepEqual([keptFrom, recentUntil], [place, store.events.at(-1)?.place])
  const { length } = await store.listSettled(place, 1_000)
  assert.ok(length >= 100 && length <= 200, `${length} events`)
  // Nothing that is gone is waited for.
  store.retire(290)
  const later = await feed.findStart('recent')
  assert.ok(later.kind === 'found')
  assert.deepEqual(later.start.keptFrom, store.retiredPlace)
})

test('closing ends the following, once, and every later one at once', async () => {
  const { clock, store, feed, calls, follow } = setUp()
  const unfollow = follow()
  await settleDown()
  feed.close()
  feed.close()
  unfollow()
  assert.equal(calls.ended, 1)
  follow()
  assert.equal(calls.ended, 2)
  const before = { ...store.asked }
  await clock.runUntil(() => clock.monotonicMs() >= 2_000)
  assert.deepEqual(store.asked, before)
})
