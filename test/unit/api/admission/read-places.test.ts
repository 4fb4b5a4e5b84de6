import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  READ_BYTES_MAX,
  READ_TAKEN_MS_MAX,
  READS_AT_WORK_MAX,
  ReadPlaces,
} from '../../../../src/api/admission/read-places.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  const places = new ReadPlaces(clock)
  const cut: string[] = []
  const enter = (name: string, bytesMax = 0) => places.enter(bytesMax, () => cut.push(name))
  return { clock, places, cut, enter }
}

test('reads at work have a bound by count', () => {
  const { places, enter } = setUp()
  const leaves = Array.from({ length: READS_AT_WORK_MAX }, () => enter('one'))
  assert.equal(leaves.includes(undefined), false)
  assert.equal(places.isFull(0), true)
  assert.equal(enter('more'), undefined)
  leaves[0]?.()
  assert.notEqual(enter('more'), undefined)
})

test('their answers have a bound together, and a small one has room where a large one has none', () => {
  const { places, enter } = setUp()
  const leave = enter('most', READ_BYTES_MAX - 10)
  assert.equal(enter('large', 11), undefined)
  assert.notEqual(enter('small', 10), undefined)
  assert.equal(places.isFull(1), true)
  assert.equal(places.isFull(0), false)
  leave?.()
  assert.equal(places.isFull(READ_BYTES_MAX - 10), false)
  assert.equal(places.isFull(READ_BYTES_MAX - 9), true)
})

test('one that is larger than all may be goes alone', () => {
  const { places, enter } = setUp()
  const leave = enter('huge', 2 * READ_BYTES_MAX)
  assert.notEqual(leave, undefined)
  assert.equal(places.isFull(0), true)
  leave?.()
  enter('small', 1)
  assert.equal(enter('huge', 2 * READ_BYTES_MAX), undefined)
})

test('a read that is not taken in its time is cut', () => {
  const { clock, cut, enter } = setUp()
  enter('slow')
  const leave = enter('quick')
  clock.advance(READ_TAKEN_MS_MAX - 1)
  leave?.()
  assert.deepEqual(cut, [])
  clock.advance(1)
  assert.deepEqual(cut, ['slow'])
})
