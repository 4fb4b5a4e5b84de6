import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangeAdmission } from '../../../../src/business/admission/change-admission.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp({ requestsMax = 10_000 } = {}) {
  const state = { waiting: 0, inDoubt: 0 }
  const admission = new ChangeAdmission({
    clock: new ManualClock(),
    requestsMax,
    waitingCount: () => state.waiting,
    inDoubtCount: () => state.inDoubt,
  })
  const enterMany = (count: number) => Array.from({ length: count }, () => admission.enter())
  return { admission, state, enterMany }
}

test('so many are let in, and the next one when one has left', () => {
  const { admission, enterMany } = setUp({ requestsMax: 3 })
  const [first] = enterMany(3)
  assert.equal(admission.enter(), undefined)
  first?.()
  first?.()
  assert.ok(admission.enter())
  assert.equal(admission.enter(), undefined)
})

test('more than can be served soon are turned away, though many more could wait', () => {
  const entered = setUp()
    .enterMany(2_000)
    .filter((leave) => leave !== undefined)
  assert.equal(entered.length, 1_024)
})

test('those that wait for others of their order take no place from the others', () => {
  const { admission, state, enterMany } = setUp()
  enterMany(1_024)
  assert.equal(admission.enter(), undefined)
  state.waiting = 1_000
  assert.equal(enterMany(2_000).filter((leave) => leave !== undefined).length, 1_000)
})

test('"not applied" is said only of a request that cannot be one that was sent before', () => {
  const { admission, state } = setUp()
  assert.equal(admission.outcomeOfRefusal(false), 'not-applied')
  assert.equal(admission.outcomeOfRefusal(true), 'unknown')
  state.inDoubt = 1
  assert.equal(admission.outcomeOfRefusal(false), 'unknown')
})
