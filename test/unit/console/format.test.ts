import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationText } from '../../../src/console/format.ts'

test('durations have the unit in which they can be read', () => {
  assert.deepEqual([0, 14.4, 999, 1_000, 14_491, 59_940, 61_000, 250_000].map(durationText), [
    '0 ms',
    '14 ms',
    '999 ms',
    '1.0 s',
    '14.5 s',
    '59.9 s',
    '1 min 1 s',
    '4 min 10 s',
  ])
})
