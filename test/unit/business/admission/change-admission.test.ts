import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangeAdmission } from '../../../../src/business/admission/change-admission.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp({ requestsMax = 10_000, orderBytesMax = (): number => 1_000 } = {}) {
  const state = { waiting: 0, inDoubt: 0, hasRoomForEvent: true }
  const admission = new ChangeAdmission({
    clock: new ManualClock(),
    requestsMax,
    orderBytesMax,
    hasRoomForEvent: () => state.hasRoomForEvent,
    waitingCount: () => state.waiting,
    inDoubtCount: () => state.inDoubt,
  })
  /** How many of so many requests are let in. */
  const enterMany = (count: number): number =>
    Array.from({ length: count }, () => admission.enter()).filter(Boolean).length
  return { admission, state, enterMany }
}

test('so many are let in, and the next one when one has left', () => {
  const { admission, enterMany } = setUp({ requestsMax: 3 })
  assert.equal(enterMany(4), 3)
  assert.equal(admission.isFull(), true)
  admission.leave()
  assert.equal(enterMany(2), 1)
})

test('those that were let in and are not counted yet have their places', () => {
  const { admission, enterMany } = setUp({ requestsMax: 3 })
  enterMany(1)
  assert.equal(admission.isFull(1), false)
  assert.equal(admission.isFull(2), true)
})

test('more than can be served soon are turned away, though many more could wait', () => {
  assert.equal(setUp().enterMany(2_000), 1_024)
})

for (const requestsMax of [1_024, 10_000]) {
  test(`those that wait for others of their order take no place of ${requestsMax} from the others`, () => {
    const { admission, state, enterMany } = setUp({ requestsMax })
    assert.equal(enterMany(1_024), 1_024)
    assert.equal(admission.enter(), false)
    state.waiting = 1_000
    assert.equal(enterMany(2_000), 1_000)
  })
}

test('their orders have 320 MiB together, as large as they can be', () => {
  assert.equal(setUp({ orderBytesMax: () => 1024 * 1024 }).enterMany(2_000), 320)
})

test('when a larger order is found, fewer are let in', () => {
  let orderBytes = 1_000
  const { enterMany } = setUp({ orderBytesMax: () => orderBytes })
  assert.equal(enterMany(300), 300)
  orderBytes = 1024 * 1024
  assert.equal(enterMany(300), 20)
})

test('however large an order is, one request is let in', () => {
  assert.equal(setUp({ orderBytesMax: () => 1024 ** 3 }).enterMany(2), 1)
})

test('while the events under way leave no room for another, nothing is let in', () => {
  const { admission, state, enterMany } = setUp()
  assert.equal(enterMany(1), 1)
  state.hasRoomForEvent = false
  assert.equal(admission.isFull(), true)
  assert.equal(enterMany(1), 0)
  state.hasRoomForEvent = true
  assert.equal(enterMany(1), 1)
})

test('"not applied" is said only of a request that cannot be one that was sent before', () => {
  const { admission, state } = setUp()
  assert.equal(admission.outcomeOfRefusal(false), 'not-applied')
  assert.equal(admission.outcomeOfRefusal(true), 'unknown')
  state.inDoubt = 1
  assert.equal(admission.outcomeOfRefusal(false), 'unknown')
})
