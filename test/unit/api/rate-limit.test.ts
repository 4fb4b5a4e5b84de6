import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimit } from '../../../src/api/security/rate-limit.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function countLetIn(limit: RateLimit, caller: string, requests: number): number {
  return Array.from({ length: requests }, () => limit.isOver(caller)).filter((isOver) => !isOver)
    .length
}

test('a caller may send a second’s worth at once, and then at its rate', () => {
  const clock = new ManualClock()
  const limit = new RateLimit(clock, 10)
  assert.equal(countLetIn(limit, 'shop', 50), 10)
  clock.advance(99)
  assert.equal(countLetIn(limit, 'shop', 50), 0, 'refused requests do not count')
  clock.advance(1)
  assert.equal(countLetIn(limit, 'shop', 50), 1)
  clock.advance(60_000)
  assert.equal(countLetIn(limit, 'shop', 50), 10, 'what was not used is not saved up')
})

test('callers do not take from each other, and those that are not heard of are forgotten', () => {
  const clock = new ManualClock()
  const limit = new RateLimit(clock, 1)
  assert.equal(countLetIn(limit, 'shop', 2), 1)
  assert.equal(countLetIn(limit, 'other', 2), 1)
  for (let number = 0; number < 10_000; number += 1) limit.isOver(`caller ${number}`)
  assert.equal(countLetIn(limit, 'shop', 1), 1)
})
