import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BODY_BYTES_MAX_IN_ALL,
  BodyRoom,
  KEPT_BACK_MS_MIN,
} from '../../../../src/api/admission/body-room.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const HALF = BODY_BYTES_MAX_IN_ALL / 2

function setUp() {
  const clock = new ManualClock()
  const room = new BodyRoom(clock)
  const turnedAway: string[] = []
  const enter = (name: string, bytes: number) => room.enter(bytes, () => turnedAway.push(name))
  return { clock, room, turnedAway, enter }
}

test('bodies have their room until they leave, here or still coming', () => {
  const { room, enter } = setUp()
  const [first, second] = [enter('first', HALF), enter('second', HALF)]
  assert.ok(first && second)
  assert.ok(enter('empty', 0))
  assert.equal(enter('third', 1), undefined)
  room.noteArrived(first, HALF - 1)
  assert.ok(enter('third', 1))
  assert.equal(enter('fourth', 1), undefined)
  room.leave(first)
  assert.ok(enter('fourth', HALF - 1))
  assert.equal(enter('fifth', 1), undefined)
})

test('those that were waited for longest make room, no more of them than are needed', () => {
  const { clock, room, turnedAway, enter } = setUp()
  const here = enter('here', HALF / 2)
  assert.ok(here)
  room.noteArrived(here, HALF / 2)
  const late = enter('late', HALF)
  enter('later', HALF / 2)
  clock.advance(KEPT_BACK_MS_MIN - 1)
  assert.equal(enter('new', 1), undefined)
  clock.advance(1)
  assert.ok(enter('new', HALF))
  assert.deepEqual(turnedAway, ['late'])
  // It leaves when its answer is given: its room is given away already.
  if (late !== undefined) room.leave(late)
  assert.equal(enter('one more', HALF), undefined)
  assert.deepEqual(turnedAway, ['late', 'later'])
})
