import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { FrameCache } from '../../../../src/api/stream/frame-cache.ts'
import { StreamReader, type StreamSource } from '../../../../src/api/stream/stream-reader.ts'
import { FIRST_PLACE } from '../../../../src/business/stream/settled-feed.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

/** A response whose socket takes what it is given, or nothing. */
class FakeResponse extends EventEmitter {
  readonly written: string[] = []
  takes = true
  end_ = 'open'

  get writableNeedDrain(): boolean {
    return !this.takes
  }

  write(bytes: string | Uint8Array): boolean {
    this.written.push(bytes.toString())
    return this.takes
  }

  end(): void {
    this.end_ = 'ended'
  }

  destroy(): void {
    this.end_ = 'destroyed'
    this.emit('close')
  }
}

function setUp() {
  const store = new MemoryFeed()
  const memory = { isReached: true }
  const source: StreamSource = {
    listRecent: (after) =>
      memory.isReached
        ? store.events.filter(({ place }) => place.settling > after.settling).slice(0, 2)
        : undefined,
    readPage: (after) => store.listSettled(after, 2),
  }
  const response = new FakeResponse()
  const dropped: string[] = []
  const reader = new StreamReader(response as unknown as ServerResponse, {
    source,
    frames: new FrameCache(),
    filter: {},
    start: { place: FIRST_PLACE, keptFrom: FIRST_PLACE },
    onDropped: (reason) => dropped.push(reason),
  })
  return { store, memory, response, reader, dropped }
}

test('writes nothing more while the socket has earlier bytes, and everything after that', () => {
  const { store, response, reader } = setUp()
  response.takes = false
  for (const orderId of ['a', 'b', 'c']) store.settle(orderId)
  reader.pump()
  const count = response.written.length
  store.settle('d')
  reader.pump()
  reader.heartbeat()
  assert.equal(response.written.length, count)
  response.takes = true
  response.emit('drain')
  const ids = [...response.written.join('').matchAll(/"orderId":"(.)"/g)].map(([, id]) => id)
  assert.deepEqual(ids, ['a', 'b', 'c', 'd'])
})

test('drops a reader that takes nothing from one heartbeat to the next', () => {
  const { store, response, reader, dropped } = setUp()
  store.settle('a')
  response.takes = false
  reader.pump()
  reader.heartbeat()
  response.takes = true
  response.emit('drain')
  store.settle('b')
  response.takes = false
  reader.pump()
  reader.heartbeat()
  assert.equal(response.end_, 'open')
  reader.heartbeat()
  assert.equal(response.end_, 'destroyed')
  assert.deepEqual(dropped, ['blocked'])
})

test('drops a reader that memory has gone past, even while it takes nothing', () => {
  const { store, memory, response, reader, dropped } = setUp()
  store.settle('a')
  response.takes = false
  reader.pump()
  memory.isReached = false
  reader.pump()
  assert.equal(response.end_, 'destroyed')
  assert.deepEqual(dropped, ['behind'])
})

test('at a stop a reader that takes nothing is not waited for', () => {
  const { store, response, reader } = setUp()
  store.settle('a')
  response.takes = false
  reader.pump()
  reader.end()
  assert.equal(response.end_, 'destroyed')
  const other = setUp()
  other.reader.end()
  assert.equal(other.response.end_, 'ended')
})

test('says nothing while a page is read, so that no second read begins', async () => {
  const { store, memory, response, reader } = setUp()
  for (const orderId of ['a', 'b']) store.settle(orderId)
  memory.isReached = false
  reader.pump()
  const before = response.written.length
  response.takes = false
  reader.heartbeat()
  assert.equal(response.written.length, before)
  response.takes = true
  response.emit('drain')
  await setImmediate()
  const events = response.written.join('').match(/^event:/gm)
  assert.equal(events?.length, 2)
})
