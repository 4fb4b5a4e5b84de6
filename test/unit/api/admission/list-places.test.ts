import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  LIST_BYTES_MAX,
  LIST_TAKEN_MS_MAX,
  LIST_WAIT_MS,
  ListPlaces,
  LISTS_AT_WORK_MAX,
  LISTS_WAITING_MAX,
} from '../../../../src/api/admission/list-places.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const MS = 1

function setUp() {
  const clock = new ManualClock()
  const places = new ListPlaces(clock)
  const log: string[] = []
  const enter = (name: string, bytesMax = 1): (() => void) =>
    places.enter({
      bytesMax,
      begin: () => log.push(`begin ${name}`),
      refuse: () => log.push(`refuse ${name}`),
      cut: () => log.push(`cut ${name}`),
    })
  const fill = (): Array<() => void> =>
    Array.from({ length: LISTS_AT_WORK_MAX }, () => enter('one'))
  return { clock, log, enter, fill }
}

test('lists that wait begin in the order in which they came', () => {
  const { log, enter, fill } = setUp()
  const [first, second] = fill()
  log.length = 0
  enter('A')
  enter('B')
  assert.deepEqual(log, [])
  first?.()
  assert.deepEqual(log, ['begin A'])
  second?.()
  assert.deepEqual(log, ['begin A', 'begin B'])
})

test('a list whose client left while it waited never begins', () => {
  const { clock, log, enter, fill } = setUp()
  const [first] = fill()
  log.length = 0
  const leave = enter('A')
  enter('B')
  leave()
  first?.()
  clock.advance(LIST_WAIT_MS)
  assert.deepEqual(log, ['begin B'])
})

test('a list waits for its time and no longer, and its place in the line is gone', () => {
  const { clock, log, enter, fill } = setUp()
  const [first] = fill()
  log.length = 0
  const leave = enter('A')
  clock.advance(LIST_WAIT_MS - MS)
  enter('B')
  assert.deepEqual(log, [])
  clock.advance(MS)
  assert.deepEqual(log, ['refuse A'])
  leave()
  first?.()
  assert.deepEqual(log, ['refuse A', 'begin B'])
  clock.advance(LIST_WAIT_MS)
  assert.deepEqual(log, ['refuse A', 'begin B'])
})

test('as many lists wait as may, and the next one is refused at once', () => {
  const { log, enter, fill } = setUp()
  fill()
  log.length = 0
  for (let count = 0; count < LISTS_WAITING_MAX; count += 1) enter('waiting')
  assert.deepEqual(log, [])
  enter('more')
  assert.deepEqual(log, ['refuse more'])
})

test('answers together have a bound, the largest list goes alone, and small ones wait behind it', () => {
  const { log, enter } = setUp()
  const leave = enter('half', LIST_BYTES_MAX / 2)
  const leaveHuge = enter('huge', LIST_BYTES_MAX)
  enter('small')
  assert.deepEqual(log, ['begin half'])
  leave()
  assert.deepEqual(log, ['begin half', 'begin huge'])
  leaveHuge()
  assert.deepEqual(log, ['begin half', 'begin huge', 'begin small'])
})

test('a large list that leaves lets those behind it begin', () => {
  const { log, enter } = setUp()
  enter('half', LIST_BYTES_MAX / 2)
  const leaveHuge = enter('huge', LIST_BYTES_MAX)
  enter('small')
  leaveHuge()
  assert.deepEqual(log, ['begin half', 'begin small'])
})

test('a list that is not taken in its time is cut, and its place is free when it has left', () => {
  const { clock, log, enter } = setUp()
  const leaveSlow = enter('slow', LIST_BYTES_MAX)
  clock.advance(LIST_TAKEN_MS_MAX - MS)
  const leaveNext = enter('next')
  assert.deepEqual(log, ['begin slow'])
  clock.advance(MS)
  assert.deepEqual(log, ['begin slow', 'cut slow'])
  leaveSlow()
  assert.deepEqual(log, ['begin slow', 'cut slow', 'begin next'])
  leaveNext()
  clock.advance(LIST_TAKEN_MS_MAX)
  assert.deepEqual(log, ['begin slow', 'cut slow', 'begin next'])
})
