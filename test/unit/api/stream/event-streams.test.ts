import assert from 'node:assert/strict'
import type { Buffer } from 'node:buffer'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  EventStreams,
  TURN_BYTES_MAX,
  TURN_READERS_MAX,
} from '../../../../src/api/stream/event-streams.ts'
import { PORTION_BYTES_MAX } from '../../../../src/api/stream/frame-cache.ts'
import { Measures } from '../../../../src/business/measures/measures.ts'
import { eventBytesMax } from '../../../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../../../src/business/stream/live-feed.ts'
import { FIRST_PLACE } from '../../../../src/business/stream/settled-feed.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

const START = { place: FIRST_PLACE, keptFrom: FIRST_PLACE }

function setUp(readersMax: number) {
  const clock = new ManualClock()
  const store = new MemoryFeed()
  const feed = new LiveFeed({
    feed: store,
    clock,
    publishTimeoutMs: 1_000,
    eventBytesMax: () => eventBytesMax(100),
  })
  const measures = new Measures()
  const streams = new EventStreams({ feed, clock, readersMax, measures, onDropped: () => {} })
  const open = (response: EventEmitter) =>
    streams.open(response as unknown as ServerResponse, START, {})
  return { clock, store, feed, streams, open }
}

test('who is gone before the stream begins takes no place', () => {
  const { feed, streams, open } = setUp(1)
  open(Object.assign(new EventEmitter(), { destroyed: true, write: () => true }))
  assert.doesNotThrow(() => streams.assertRoom())
  feed.close()
})

/** A socket that takes nothing until it is told to. */
class FakeResponse extends EventEmitter {
  readonly #written: number[]
  takes = false

  constructor(written: number[]) {
    super()
    this.#written = written
  }

  write(bytes: Buffer | string): boolean {
    this.#written.push(bytes.length)
    return this.takes
  }

  end(): void {
    this.emit('close')
  }
}

/** Readers, and the items of the order that each of them is told. */
const CROWDS = [
  [2 * TURN_READERS_MAX, 1],
  [32, 4_000],
] as const

for (const [readerCount, itemCount] of CROWDS) {
  test(`requests get their turn while ${readerCount} sockets are free at once, for an order of ${itemCount}`, async () => {
    const { clock, store, feed, open } = setUp(readerCount)
    const written: number[] = []
    const responses = Array.from({ length: readerCount }, () => new FakeResponse(written))
    for (const response of responses) open(response)
    await setImmediate()
    store.settle('a', 'pending', itemCount)
    const { pages } = store.asked
    await clock.runUntil(() => store.asked.pages > pages)
    for (const response of responses) {
      response.takes = true
      response.emit('drain')
    }
    // The opening of each alone.
    assert.equal(written.splice(0).length, readerCount)
    let told = 0
    for (let turns = 0; told < readerCount; turns += 1) {
      await setImmediate()
      const bytes = written.reduce((sum, length) => sum + length, 0)
      assert.ok(bytes <= TURN_BYTES_MAX + PORTION_BYTES_MAX, `${bytes} bytes in a turn`)
      assert.ok(written.length <= TURN_READERS_MAX, `${written.length} readers in a turn`)
      told += written.splice(0).length
      assert.ok(turns < readerCount, `${told} were told`)
    }
    feed.close()
  })
}
