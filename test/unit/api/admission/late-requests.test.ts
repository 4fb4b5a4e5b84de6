import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { LateRequests } from '../../../../src/api/admission/late-requests.ts'
import { LoopDelay } from '../../../../src/api/admission/loop-delay.ts'
import type { SocketLine } from '../../../../src/api/admission/socket-line.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const EVERY_MS = 1_000
const WINDOW_MS = 10_000

test('the delay of a loop is what its task was late by, in the last window', () => {
  const delay = new LoopDelay(EVERY_MS, WINDOW_MS, 0)
  delay.note(1_003)
  assert.equal(delay.recentMs(1_003), 0)
  delay.note(5_003)
  assert.equal(delay.recentMs(5_003), 3_000)
  delay.note(6_503)
  assert.equal(delay.recentMs(6_503), 3_500)
  assert.equal(delay.recentMs(15_003), 500)
  delay.note(99_000)
  assert.equal(delay.recentMs(99_000), WINDOW_MS)
})

function setUp(delayMs: number) {
  const clock = new ManualClock()
  const loopDelay = new LoopDelay(EVERY_MS, WINDOW_MS, 0)
  clock.advance(EVERY_MS + delayMs)
  loopDelay.note(clock.monotonicMs())
  const socket = Object.assign(new EventEmitter(), {
    destroyed: false,
    bytesRead: 10,
    bytesWritten: 0,
    timeout: 0,
  })
  const line = {
    isAtRest: false,
    whyNotRead: undefined as SocketLine['whyNotRead'],
    latest: { request: undefined as Pick<IncomingMessage, 'complete'> | undefined, count: 0 },
  }
  const told: string[] = []
  const late = new LateRequests({
    lineOf: () => line as never,
    loopDelay,
    clock,
    requestTimeoutMs: WINDOW_MS,
    onLate: () => told.push('late'),
    onUnused: () => told.push('unused'),
  })
  const judge = async (): Promise<void> => {
    late.judge(socket as unknown as Socket)
    await setImmediate()
  }
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms)
    // To judge, and to settle.
    await setImmediate()
    await setImmediate()
  }
  return { advance, late, socket, line, told, judge }
}

test('a request is late where the loop was not', async () => {
  const { told, judge } = setUp(0)
  await judge()
  assert.deepEqual(told, ['late'])
})

test('a request gets the time back for which the loop was held up', async () => {
  const { advance, told, judge } = setUp(3_000)
  await judge()
  await advance(2_999)
  assert.deepEqual(told, [])
  await advance(1)
  assert.deepEqual(told, ['late'])
})

test('a request that comes in that time is not late, and its body has a time of its own', async () => {
  const { advance, line, told, judge } = setUp(3_000)
  await judge()
  line.latest = { request: { complete: false }, count: 1 }
  await advance(3_000)
  assert.deepEqual(told, [])
  await advance(WINDOW_MS)
  assert.deepEqual(told, ['late'])
})

test('a body that comes in that time is not late', async () => {
  const { advance, line, told, judge } = setUp(3_000)
  const request = { complete: false }
  line.latest = { request, count: 1 }
  await judge()
  request.complete = true
  await advance(WINDOW_MS)
  assert.deepEqual(told, [])
})

test('a connection that closes meanwhile is told nothing', async () => {
  const { advance, socket, told, judge } = setUp(3_000)
  await judge()
  socket.emit('close')
  await advance(WINDOW_MS)
  assert.deepEqual(told, [])
})

test('a connection that was not used is told nothing of a request', async () => {
  const { socket, told, judge } = setUp(0)
  socket.bytesRead = 0
  await judge()
  assert.deepEqual(told, ['unused'])
})

for (const reason of ['answers', 'body'] as const) {
  test(`a request that is not read, for ${reason} that wait, is not late before it is read again`, async () => {
    const { advance, line, told, judge } = setUp(0)
    line.whyNotRead = reason
    await judge()
    await advance(WINDOW_MS)
    assert.deepEqual(told, [])
    line.whyNotRead = undefined
    await advance(WINDOW_MS)
    assert.deepEqual(told, ['late'])
  })
}

test('the time of a request that waits for its turn begins with its turn', async () => {
  const { advance, line, told, judge } = setUp(0)
  line.whyNotRead = 'turn'
  await judge()
  await advance(2 * WINDOW_MS)
  assert.deepEqual(told, [])
})

test('a connection whose request is refused before it is parsed, in that time, is idle and not late', async () => {
  const { advance, socket, line, told, judge } = setUp(3_000)
  line.isAtRest = true
  await judge()
  socket.timeout = 72_000
  await advance(3_000)
  assert.deepEqual(told, [])
})

test('half of a request behind one that was refused so is not late', async () => {
  const { advance, socket, line, told, judge } = setUp(3_000)
  line.isAtRest = true
  await judge()
  socket.bytesWritten = 500
  line.isAtRest = false
  await advance(3_000)
  assert.deepEqual(told, [])
})

test('half of a request behind others that are answered in that time is late', async () => {
  const { advance, socket, told, judge } = setUp(3_000)
  await judge()
  socket.bytesWritten = 500
  await advance(3_000)
  assert.deepEqual(told, ['late'])
})

test('a request that comes in that time and waits to be refused is not late', async () => {
  const { advance, line, told, judge } = setUp(3_000)
  line.isAtRest = true
  await judge()
  line.whyNotRead = 'turn'
  await advance(3_000)
  assert.deepEqual(told, [])
})

test('of many that are late some are told in one turn of the loop, and the others in the next ones', async () => {
  const { late, told, socket } = setUp(0)
  for (let count = 0; count < 130; count += 1) late.judge(socket as unknown as Socket)
  const counts: number[] = []
  for (let turn = 0; turn < 4; turn += 1) {
    await setImmediate()
    counts.push(told.length)
  }
  assert.deepEqual(counts, [64, 128, 130, 130])
})

test('those that are judged again are told in turns as well', async () => {
  const { advance, late, line, told, socket } = setUp(0)
  line.whyNotRead = 'answers'
  for (let count = 0; count < 130; count += 1) late.judge(socket as unknown as Socket)
  line.whyNotRead = undefined
  await advance(WINDOW_MS)
  const counts = [told.length]
  while (told.length < 130) {
    await setImmediate()
    counts.push(told.length)
  }
  assert.deepEqual(counts, [0, 62, 126, 130])
})
