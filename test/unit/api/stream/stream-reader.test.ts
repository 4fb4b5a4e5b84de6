import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { FrameCache, PORTION_BYTES_MAX } from '../../../../src/api/stream/frame-cache.ts'
import {
  StreamReader,
  type StreamReaderOptions,
  type StreamSource,
} from '../../../../src/api/stream/stream-reader.ts'
import { UnsentBytes } from '../../../../src/api/stream/unsent-bytes.ts'
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

function setUp(unsent: StreamReaderOptions['unsent'] = new UnsentBytes()) {
  const store = new MemoryFeed()
  const memory = { isReached: true }
  const pages: number[] = []
  const source: StreamSource = {
    listRecent: (after) =>
      memory.isReached
        ? store.events.filter(({ place }) => place.settling > after.settling).slice(0, 100)
        : undefined,
    readPage(after, { limit }, signal) {
      pages.push(limit)
      signal.addEventListener('abort', () => pages.pop())
      return store.listSettled(after, limit)
    },
  }
  const response = new FakeResponse()
  const dropped: string[] = []
  const turns = { asked: 0 }
  const reader = new StreamReader(response as unknown as ServerResponse, {
    source,
    frames: new FrameCache(),
    unsent,
    filter: {},
    start: { place: FIRST_PLACE, keptFrom: FIRST_PLACE },
    askForTurn: () => (turns.asked += 1),
    onDropped: (reason) => dropped.push(reason),
  })
  /** Gives it every turn that it asks for. */
  const pumpAll = () => {
    turns.asked = 1
    for (; turns.asked > 0; turns.asked -= 1) reader.pump()
  }
  return { store, memory, response, reader, dropped, pages, turns, pumpAll }
}

test('writes nothing more while the socket has earlier bytes, and everything after that', () => {
  const { store, response, reader, pumpAll } = setUp()
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
  assert.equal(response.written.length, count)
  pumpAll()
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

test('says that it is there while it waits for a page, and reads no second one', async () => {
  const { store, memory, response, reader, pages, pumpAll } = setUp()
  for (const orderId of ['a', 'b']) store.settle(orderId)
  memory.isReached = false
  reader.pump()
  reader.heartbeat()
  assert.match(response.written.at(-1) ?? '', /^: still here/)
  response.emit('drain')
  assert.equal(pages.length, 1)
  await setImmediate()
  pumpAll()
  const events = response.written.join('').match(/^event:/gm)
  assert.equal(events?.length, 2)
})

test('what comes while an empty page is read is not waited for', async () => {
  const { store, memory, reader, turns } = setUp()
  memory.isReached = false
  reader.pump()
  await setImmediate()
  assert.equal(turns.asked, 0)
  reader.pump()
  store.settle('a')
  // News, while the page is on its way.
  reader.pump()
  await setImmediate()
  assert.equal(turns.asked, 1)
})

test('one that leaves while it waits for a page takes its question back', () => {
  const { memory, response, reader, pages } = setUp()
  memory.isReached = false
  reader.pump()
  assert.equal(pages.length, 1)
  response.destroy()
  assert.equal(pages.length, 0)
})

/** Of a large order: some 125 kB. */
const LARGE_ITEMS = 2_000

test('a turn is one portion with a bound of bytes, and what does not fit comes next', async () => {
  for (const isReached of [true, false]) {
    const { store, memory, response, reader, pages, turns } = setUp()
    memory.isReached = isReached
    for (const orderId of ['a', 'b', 'c', 'd']) store.settle(orderId, 'pending', LARGE_ITEMS)
    store.settle('e', 'pending', 5 * LARGE_ITEMS)
    turns.asked = 1
    for (let turn = 0; turn < 20; turn += 1) {
      const portions = response.written.length
      if (turns.asked > 0) reader.pump()
      turns.asked = Math.max(0, turns.asked - 1)
      assert.ok(response.written.length <= portions + 1)
      await setImmediate()
    }
    const ids = [...response.written.join('').matchAll(/"orderId":"(.)"/g)].map(([, id]) => id)
    assert.deepEqual(ids, ['a', 'b', 'c', 'd', 'e'])
    const lengths = response.written.map((text) => text.length)
    assert.ok(lengths.filter((length) => length > PORTION_BYTES_MAX).length <= 1, String(lengths))
    if (!isReached) assert.deepEqual(pages.slice(0, 2), [25, 2])
  }
})

test('what a reader does not take is counted until it takes it or is gone', () => {
  const counted: string[] = []
  const { store, response, reader, dropped } = setUp({
    add: (_reader, bytes) => counted.push(`${bytes}`),
    remove: () => counted.push('none'),
  })
  store.settle('a')
  response.takes = false
  reader.pump()
  const length = response.written.at(-1)?.length
  response.takes = true
  response.emit('drain')
  assert.deepEqual(counted, [`${length}`, 'none'])
  reader.cut()
  assert.equal(response.end_, 'destroyed')
  assert.deepEqual(dropped, ['room'])
  assert.equal(counted.at(-1), 'none')
  assert.equal(counted.length, 3)
})
