import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ChangeAdmission,
  type ChangePlace,
} from '../../../../src/business/admission/change-admission.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp({ requestsMax = 10_000 } = {}) {
  const state = { waiting: 0, inDoubt: 0 }
  const admission = new ChangeAdmission({
    clock: new ManualClock(),
    requestsMax,
    waitingCount: () => state.waiting,
    inDoubtCount: () => state.inDoubt,
  })
  /** Those of so many requests that are let in, with their bodies. */
  const beginMany = (count: number): ChangePlace[] =>
    Array.from({ length: count }, () => admission.enter()).filter(
      (place) => place !== undefined && place.begin(),
    ) as ChangePlace[]
  return { admission, state, beginMany }
}

test('so many are let in, and the next one when one has left', () => {
  const { admission, beginMany } = setUp({ requestsMax: 3 })
  const [first] = beginMany(3)
  assert.equal(admission.enter(), undefined)
  first?.leave()
  assert.ok(admission.enter())
  assert.equal(admission.enter(), undefined)
})

test('more than can be served soon are turned away, though many more could wait', () => {
  assert.equal(setUp().beginMany(2_000).length, 1_024)
})

test('requests that keep their bodies back take no place from those that do not', () => {
  const { admission, beginMany } = setUp()
  const heads = Array.from({ length: 5_000 }, () => admission.enter())
  assert.equal(beginMany(2_000).length, 1_024)
  // Now that their bodies come there is no place for them.
  assert.equal(heads[0]?.begin(), false)
  for (const head of heads) head?.leave()
  assert.equal(beginMany(2_000).length, 0)
})

test('those that wait for others of their order take no place from the others', () => {
  const { admission, state, beginMany } = setUp()
  beginMany(1_024)
  assert.equal(admission.enter(), undefined)
  state.waiting = 1_000
  assert.equal(beginMany(2_000).length, 1_000)
})

test('"not applied" is said only of a request that cannot be one that was sent before', () => {
  const { admission, state } = setUp()
  assert.equal(admission.outcomeOfRefusal(false), 'not-applied')
  assert.equal(admission.outcomeOfRefusal(true), 'unknown')
  state.inDoubt = 1
  assert.equal(admission.outcomeOfRefusal(false), 'unknown')
})
