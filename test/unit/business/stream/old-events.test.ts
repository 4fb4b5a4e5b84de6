import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OldEvents, type WantedPage } from '../../../../src/business/stream/old-events.ts'
import { FIRST_PLACE, type EventPlace } from '../../../../src/business/stream/settled-feed.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

/** Of a reader that does not leave. */
const STAYING = new AbortController().signal

function wanted(limit: number, keptFrom = FIRST_PLACE): WantedPage {
  return { limit, keptFrom }
}

function setUp() {
  const clock = new ManualClock()
  const store = new MemoryFeed()
  const oldEvents = new OldEvents({
    clock,
    listSettled: (after, limit) => store.listSettled(after, limit),
    findRetiredPlace: () => store.findRetiredPlace(),
  })
  return { clock, store, oldEvents }
}

test('old events are read a page at a time, in turns for who waits longest and who is furthest behind', async () => {
  const { clock, store, oldEvents } = setUp()
  for (let index = 0; index < 300; index += 1) store.settle(`ORD-${index}`)
  const placeOf = (index: number) => store.events[index]?.place ?? assert.fail()
  const afters = [199, 149, 9, 99]
  const pages = afters.map((index, nth) =>
    oldEvents.readPage(placeOf(index), wanted(30 + nth), STAYING),
  )
  await clock.runUntil(() => store.asked.pages === 4)
  assert.deepEqual(store.limits, [30, 32, 31, 33])
  const found = await Promise.all(pages)
  for (const [nth, index] of afters.entries()) {
    assert.deepEqual(found[nth], store.events.slice(index + 1, index + 31 + nth))
  }
})

test('readers that wait for the same events get them from one page', async () => {
  const { clock, store, oldEvents } = setUp()
  for (let index = 0; index < 300; index += 1) store.settle(`ORD-${index}`)
  const afters = [FIRST_PLACE, ...store.events.slice(0, 250).map(({ place }) => place)]
  const pages = afters.map((after) => oldEvents.readPage(after, wanted(250), STAYING))
  await clock.runUntil(() => store.asked.pages === 2)
  const found = await Promise.all(pages)
  for (const [index, page] of found.slice(0, 250).entries()) {
    assert.deepEqual(page, store.events.slice(index, 250))
  }
  // Behind the last event of that page.
  assert.deepEqual(found[250], store.events.slice(250))
})

test('while a page goes to many readers, changes have their turn', async () => {
  const { clock, store, oldEvents } = setUp()
  store.settle('ORD-1')
  let told = 0
  for (let count = 0; count < 100; count += 1) {
    void oldEvents.readPage(FIRST_PLACE, wanted(1), STAYING).then(() => (told += 1))
  }
  const counts: number[] = []
  await clock.runUntil(() => counts.push(told) > 0 && told === 100, 1)
  for (const [index, count] of counts.entries()) {
    assert.ok(count - (counts[index - 1] ?? 0) <= 8, counts.join(', '))
  }
  assert.equal(store.asked.pages, 1)
})

test('no page is read for readers that have left', async () => {
  const { clock, store, oldEvents } = setUp()
  const { place } = store.settle('ORD-1')
  const { place: last } = store.settle('ORD-2')
  const leaving = new AbortController()
  const readPage = (after: EventPlace, signal: AbortSignal) =>
    oldEvents.readPage(after, wanted(1), signal)
  const first = readPage(FIRST_PLACE, leaving.signal)
  for (let count = 0; count < 100; count += 1) void readPage(last, leaving.signal)
  const page = readPage(place, STAYING)
  leaving.abort()
  await clock.runUntil(() => store.asked.pages === 2)
  assert.deepEqual([await first, await page], [[store.events[0]], [store.events[1]]])
  await clock.runUntil(() => clock.monotonicMs() >= 10_000)
  assert.equal(store.asked.pages, 2)
})

test('a page is not given where events before it were retired since the reader began', async () => {
  const { store, oldEvents, clock } = setUp()
  const [first, second] = [store.settle('a').place, store.settle('b').place]
  store.settle('c')
  store.retire(2)
  const pages = [
    oldEvents.readPage(first, wanted(250, first), STAYING),
    oldEvents.readPage(second, wanted(250, second), STAYING),
    // It began when the two were gone.
    oldEvents.readPage(FIRST_PLACE, wanted(250, second), STAYING),
    // Gets its answer from that page.
    oldEvents.readPage(FIRST_PLACE, wanted(250), STAYING),
  ]
  await clock.runUntil(() => store.asked.pages === 2)
  assert.deepEqual(await Promise.all(pages), ['retired', store.events, store.events, 'retired'])
})
