import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { EventStreams } from '../../../../src/api/stream/event-streams.ts'
import { Measures } from '../../../../src/business/measures/measures.ts'
import { LiveFeed } from '../../../../src/business/stream/live-feed.ts'
import { FIRST_PLACE } from '../../../../src/business/stream/settled-feed.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

test('who is gone before the stream begins takes no place', () => {
  const clock = new ManualClock()
  const feed = new LiveFeed({
    feed: new MemoryFeed(),
    clock,
    publishTimeoutMs: 1_000,
    maxItemsPerOrder: 100,
  })
  const streams = new EventStreams({
    feed,
    clock,
    readersMax: 1,
    measures: new Measures(),
    onDropped: () => {},
  })
  const gone = Object.assign(new EventEmitter(), { destroyed: true, write: () => true })
  streams.open(gone as unknown as ServerResponse, { place: FIRST_PLACE, keptFrom: FIRST_PLACE }, {})
  assert.doesNotThrow(() => streams.assertRoom())
  feed.close()
})
