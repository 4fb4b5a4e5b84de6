import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DelayLimit } from '../../../../src/business/admission/delay-limit.ts'

/** Changes that are settled at a steady rate for so long, each after the same time. */
function settle(
  limit: DelayLimit,
  { fromMs, forMs, perSecond, tookMs }: Record<'fromMs' | 'forMs' | 'perSecond' | 'tookMs', number>,
): number {
  const count = (perSecond * forMs) / 1_000
  for (let index = 1; index <= count; index += 1) {
    limit.noteSettled(fromMs + (index * forMs) / count, tookMs)
  }
  return fromMs + forMs
}

test('a burst finds room before anything was measured', () => {
  assert.equal(new DelayLimit().value, 1_024)
})

/** A limit that has seen a change which took so long by itself. */
function limitOf(ownMs: number): { limit: DelayLimit; nowMs: number } {
  const limit = new DelayLimit()
  const nowMs = settle(limit, { fromMs: 0, forMs: 1_000, perSecond: 1_000, tookMs: ownMs })
  return { limit, nowMs }
}

test('a queue that stays is cut to what is served within the wanted delay', () => {
  const { limit, nowMs } = limitOf(10)
  settle(limit, { fromMs: nowMs, forMs: 1_000, perSecond: 10_000, tookMs: 250 })
  assert.equal(limit.value, 600)
})

test('changes that are slow now and then, between quick ones, are no queue', () => {
  const limit = new DelayLimit()
  for (let index = 1; index <= 4_000; index += 1) {
    limit.noteSettled(index / 4, index % 100 === 50 ? 20 : 900)
  }
  assert.equal(limit.value, 1_024)
})

test('it is never cut to less than batches need', () => {
  const { limit, nowMs } = limitOf(10)
  settle(limit, { fromMs: nowMs, forMs: 2_000, perSecond: 100, tookMs: 900 })
  assert.equal(limit.value, 256)
})

test('a slow change after hours without any is no queue', () => {
  const { limit, nowMs } = limitOf(10)
  for (let hour = 1; hour <= 10; hour += 1) limit.noteSettled(nowMs + hour * 3_600_000, 900)
  assert.equal(limit.value, 1_024)
})

test('it grows again while it is reached and changes are quick, and not otherwise', () => {
  const { limit, nowMs: beganMs } = limitOf(10)
  let nowMs = settle(limit, { fromMs: beganMs, forMs: 1_000, perSecond: 10_000, tookMs: 250 })
  nowMs = settle(limit, { fromMs: nowMs, forMs: 1_000, perSecond: 4_000, tookMs: 50 })
  assert.equal(limit.value, 600)
  limit.noteReached()
  settle(limit, { fromMs: nowMs, forMs: 250, perSecond: 4_000, tookMs: 50 })
  assert.equal(limit.value, 750)
})

/** A change takes so long by itself, and what is under way is always as much as the limit allows. */
function settleAtLimit(limit: DelayLimit, fromMs: number, seconds: number, ownMs: number): number {
  let nowMs = fromMs
  for (let interval = 0; interval < seconds * 4; interval += 1) {
    limit.noteReached()
    const perSecond = Math.min(4_000, (limit.value * 1_000) / ownMs)
    const tookMs = Math.max(ownMs, (limit.value * 1_000) / perSecond)
    nowMs = settle(limit, { fromMs: nowMs, forMs: 250, perSecond, tookMs })
  }
  return nowMs
}

test('what becomes slow by itself is no queue for longer than it takes to see that', () => {
  const { limit, nowMs } = limitOf(5)
  const movedMs = settleAtLimit(limit, nowMs, 1, 150)
  assert.ok(limit.value < 1_024)
  const seenMs = settleAtLimit(limit, movedMs, 20, 150)
  // 4,000 a second, each of which takes 150 ms, and 50 ms more in the queue.
  assert.ok(limit.value >= 4 * 150, String(limit.value))
  // The least delay of an interval may be one of the interval before, so it grows twice.
  const most = Math.ceil(4 * 200 * 1.25 ** 2)
  assert.ok(limit.value <= most, String(limit.value))
  const steadyMs = settleAtLimit(limit, seenMs, 600, 150)
  assert.ok(limit.value <= most, `it does not drift: ${limit.value}`)
  const backMs = settleAtLimit(limit, steadyMs, 1, 5)
  settle(limit, { fromMs: backMs, forMs: 250, perSecond: 1_000, tookMs: 5 })
  settleAtLimit(limit, backMs + 250, 20, 5)
  // With as little under way as ever, 256 of 4,000 a second, it takes 64 ms.
  assert.ok(limit.value <= 4 * 114 * 1.25, `a change is quick again: ${limit.value}`)
})

test('where a change is slow by itself, as with a far broker, that is not taken for a queue', () => {
  const { limit, nowMs } = limitOf(400)
  settle(limit, { fromMs: nowMs, forMs: 2_000, perSecond: 4_000, tookMs: 440 })
  assert.equal(limit.value, 1_024)
  settle(limit, { fromMs: nowMs + 2_000, forMs: 2_000, perSecond: 1_000, tookMs: 900 })
  assert.equal(limit.value, 450)
})
