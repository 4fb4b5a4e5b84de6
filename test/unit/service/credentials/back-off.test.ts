import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackOff } from '../../../../src/service/credentials/back-off.ts'

const DOWN = new Error('down')

const OTHER = new Error('of another cause')

function setUp() {
  const time = { nowMs: 0 }
  const backOff = new BackOff(() => time.nowMs)
  let tries = 0
  const fail = (error = DOWN) =>
    backOff
      .run(
        async () => {
          tries += 1
          throw error
        },
        (failure) => failure === DOWN,
      )
      .catch((failure: unknown) => failure)
  return { time, backOff, fail, triesOf: () => tries }
}

test('attempts that fail together begin one wait', async () => {
  const { time, fail, triesOf } = setUp()
  assert.deepEqual(await Promise.all([fail(), fail(), fail()]), [DOWN, DOWN, DOWN])
  time.nowMs = 999
  assert.equal(await fail(), DOWN)
  assert.equal(triesOf(), 3)
  time.nowMs = 1_000
  await fail()
  assert.equal(triesOf(), 4)
})

test('an error that does not count begins no wait, and leaves the next try to another', async () => {
  const { time, backOff, fail, triesOf } = setUp()
  assert.equal(await fail(OTHER), OTHER)
  backOff.check()
  await fail()
  time.nowMs = 1_000
  assert.equal(await fail(OTHER), OTHER)
  assert.equal(await fail(), DOWN)
  assert.equal(triesOf(), 4)
  time.nowMs = 2_999
  assert.throws(() => backOff.check(), DOWN)
  time.nowMs = 3_000
  assert.equal(await backOff.run(async () => 'well'), 'well')
  backOff.check()
})
