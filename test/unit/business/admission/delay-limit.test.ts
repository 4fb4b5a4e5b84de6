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

test('a queue that stays is cut to what is served within the wanted delay', () => {
  const limit = new DelayLimit()
  settle(limit, { fromMs: 0, forMs: 1_000, perSecond: 4_000, tookMs: 250 })
  assert.equal(limit.value, 400)
})

test('changes that are slow now and then, between quick ones, are no queue', () => {
  const limit = new DelayLimit()
  for (let index = 1; index <= 4_000; index += 1) {
    limit.noteSettled(index / 4, index % 100 === 50 ? 20 : 900)
  }
  assert.equal(limit.value, 1_024)
})

test('it is never cut to less than batches need', () => {
  const limit = new DelayLimit()
  settle(limit, { fromMs: 0, forMs: 2_000, perSecond: 100, tookMs: 900 })
  assert.equal(limit.value, 256)
})

test('it grows again while it is reached and changes are quick, and not otherwise', () => {
  const limit = new DelayLimit()
  let nowMs = settle(limit, { fromMs: 0, forMs: 1_000, perSecond: 4_000, tookMs: 250 })
  nowMs = settle(limit, { fromMs: nowMs, forMs: 1_000, perSecond: 4_000, tookMs: 50 })
  assert.equal(limit.value, 400)
  limit.noteReached()
  settle(limit, { fromMs: nowMs, forMs: 250, perSecond: 4_000, tookMs: 50 })
  assert.equal(limit.value, 500)
})

test('where a change is slow by itself, as with a far broker, that is not taken for a queue', () => {
  const limit = new DelayLimit()
  let nowMs = settle(limit, { fromMs: 0, forMs: 2_000, perSecond: 1_000, tookMs: 400 })
  assert.equal(limit.value, 256)
  for (let round = 0; round < 20; round += 1) {
    limit.noteReached()
    nowMs = settle(limit, { fromMs: nowMs, forMs: 250, perSecond: 1_000, tookMs: 400 })
  }
  assert.ok(limit.value > 1_000, String(limit.value))
})
