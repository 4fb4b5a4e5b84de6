import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LaneTrouble } from '../../../../../src/service/kafka/lane/trouble.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const NEVER = new AbortController().signal

function setUp() {
  const clock = new ManualClock()
  return { clock, trouble: new LaneTrouble(clock) }
}

/** A lane that has its connection and nothing to do. */
function setUpAtRest() {
  const { clock, trouble } = setUp()
  trouble.noteProgress()
  return { clock, trouble }
}

/** Fails, and waits until the time for the next try has come. */
async function fail(clock: ManualClock, trouble: LaneTrouble, reason: string): Promise<number> {
  const startMs = clock.monotonicMs()
  let isOver = false
  void trouble.backOff(reason, NEVER).then(() => (isOver = true))
  await clock.runUntil(() => isOver, 50)
  return clock.monotonicMs() - startMs
}

test('a lane is stalled when it has worked for a second without an end', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteBusy()
  clock.advance(1_000)
  assert.equal(trouble.isStalled, false)
  clock.advance(1)
  assert.equal(trouble.isStalled, true)
  assert.equal(trouble.stuckSinceMs, 0)
  assert.equal(trouble.report, 'its leader does not answer')
})

test('a lane at rest is never stalled', () => {
  const { clock, trouble } = setUpAtRest()
  clock.advance(60_000)
  assert.equal(trouble.stuckSinceMs, undefined)
  assert.equal(trouble.report, undefined)
})

test('a lane that has never had a connection stalls from its beginning on', () => {
  const { clock, trouble } = setUp()
  clock.advance(1_001)
  assert.equal(trouble.isStalled, true)
})

test('a lane is as stalled as the one before it', () => {
  const { clock } = setUp()
  clock.advance(5_000)
  assert.equal(new LaneTrouble(clock, 0).stuckSinceMs, 0)
  assert.equal(new LaneTrouble(clock, 0).isStalled, true)
})

test('another request for the same thing does not begin the time again', () => {
  const { clock, trouble } = setUpAtRest()
  for (let count = 0; count < 6; count += 1) {
    trouble.noteBusy()
    clock.advance(200)
  }
  assert.equal(trouble.stuckSinceMs, 0)
  assert.equal(trouble.isStalled, true)
})

test('a failure does not begin the time again, and its reason is what is said', async () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteBusy()
  while (clock.monotonicMs() <= 1_000) await fail(clock, trouble, 'ECONNREFUSED')
  assert.equal(trouble.stuckSinceMs, 0)
  assert.equal(trouble.report, 'ECONNREFUSED')
})

test('a lane that gets further is stalled for new changes, and not stuck', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteBusy()
  clock.advance(30_000)
  trouble.noteFurther()
  assert.equal(trouble.isStalled, true)
  assert.equal(trouble.stuckSinceMs, 30_000)
})

test('an end of what was under way ends the stall', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteBusy()
  clock.advance(5_000)
  trouble.noteProgress()
  assert.equal(trouble.isStalled, false)
  assert.equal(trouble.report, undefined)
})

test('tries come less and less often, and soon again after progress', async () => {
  const { clock, trouble } = setUpAtRest()
  const waits: number[] = []
  for (let count = 0; count < 7; count += 1) waits.push(await fail(clock, trouble, 'silent'))
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1_000, 1_000])
  trouble.noteProgress()
  assert.equal(await fail(clock, trouble, 'silent'), 50)
})

test('a refusal of everything is news for 15 seconds', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteRefusal('NOT_ENOUGH_REPLICAS')
  // A refusal is an end: nothing is under way.
  trouble.noteProgress()
  clock.advance(14_999)
  assert.equal(trouble.report, 'the broker refuses every event: NOT_ENOUGH_REPLICAS')
  clock.advance(1)
  assert.equal(trouble.report, undefined)
})

test('a refusal of everything does not close the gate: the next change shows whether it lasts', () => {
  const { trouble } = setUpAtRest()
  trouble.noteRefusal('NOT_ENOUGH_REPLICAS')
  assert.equal(trouble.isStalled, false)
})

test('the next ack ends the news of a refusal', () => {
  const { trouble } = setUpAtRest()
  trouble.noteRefusal('NOT_ENOUGH_REPLICAS')
  trouble.noteAck()
  assert.equal(trouble.report, undefined)
})

test('a throttled lane sends nothing until the broker speaks again', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteThrottle(800)
  assert.equal(trouble.throttleMs, 800)
  clock.advance(300)
  assert.equal(trouble.throttleMs, 500)
  assert.equal(trouble.isStalled, false)
  clock.advance(500)
  assert.equal(trouble.throttleMs, 0)
})

test('a lane that is throttled for more than a second turns changes away, and says why', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteThrottle(3_000)
  assert.equal(trouble.isStalled, true)
  assert.match(trouble.report ?? '', /throttles this client/)
  clock.advance(2_000)
  assert.equal(trouble.isStalled, false)
})

test('a lane that may not publish is not stalled: that is not the doing of the broker', () => {
  const { clock, trouble } = setUpAtRest()
  trouble.noteBusy()
  clock.advance(5_000)
  trouble.noteNotAllowed()
  assert.equal(trouble.isStalled, false)
})
