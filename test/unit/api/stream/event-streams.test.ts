import assert from 'node:assert/strict'
import type { Buffer } from 'node:buffer'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { EventStreams, READERS_AT_ONCE } from '../../../../src/api/stream/event-streams.ts'
import { Measures } from '../../../../src/business/measures/measures.ts'
import { LiveFeed } from '../../../../src/business/stream/live-feed.ts'
import { FIRST_PLACE } from '../../../../src/business/stream/settled-feed.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

const START = { place: FIRST_PLACE, keptFrom: FIRST_PLACE }

function setUp(readersMax: number) {
  const clock = new ManualClock()
  const store = new MemoryFeed()
  const feed = new LiveFeed({ feed: store, clock, publishTimeoutMs: 1_000, maxItemsPerOrder: 100 })
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

/** More than are written to in one turn of the loop. */
const MANY_READERS = 100

/** All that was written, by anybody; the sockets take it once they are told to. */
class FakeResponse extends EventEmitter {
  static readonly written: string[] = []
  takes = false

  write(bytes: Buffer | string): boolean {
    FakeResponse.written.push(bytes.toString())
    return this.takes
  }

  end(): void {
    this.emit('close')
  }
}

test('requests get their turn while readers are written to, also when all drain at once', async () => {
  const { clock, store, feed, open } = setUp(MANY_READERS)
  const responses = Array.from({ length: MANY_READERS }, () => new FakeResponse())
  for (const response of responses) open(response)
  await setImmediate()
  store.settle('a')
  const { pages } = store.asked
  await clock.runUntil(() => store.asked.pages > pages)
  const { written } = FakeResponse
  assert.equal(written.length, MANY_READERS)
  for (const response of responses) {
    response.takes = true
    response.emit('drain')
  }
  assert.equal(written.length, MANY_READERS)
  while (written.length < 2 * MANY_READERS) {
    const count = written.length
    await setImmediate()
    const more: number = written.length - count
    assert.ok(more > 0 && more <= READERS_AT_ONCE, `${more} in one turn`)
  }
  assert.equal(written.filter((text) => text.includes('"orderId":"a"')).length, MANY_READERS)
  feed.close()
})
