import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slopeOf } from '../../../bench/soak/report.ts'

test('what grows by two a minute has that slope, and an error where it does not do so evenly', () => {
  assert.deepEqual(slopeOf([1, 3, 5, 7]), { perMinute: 2, error: 0 })
  const { perMinute, error } = slopeOf([1, 3.5, 4.5, 7])
  assert.equal(perMinute.toFixed(2), '1.90')
  assert.equal(error.toFixed(3), '0.212')
})
