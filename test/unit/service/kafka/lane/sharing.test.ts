import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  beginShared,
  hearAnswer,
  sendAlone,
  type Sharing,
} from '../../../../../src/service/kafka/lane/sharing.ts'

const QUICK_MS = 10
const SLOW_MS = 1_500

function afterQuickAcks(sharing: Sharing, count: number): Sharing {
  return Array.from({ length: count }).reduce<Sharing>(
    (before) => hearAnswer(before, true, QUICK_MS),
    sharing,
  )
}

/** So many quick acks bring a lane back that is alone. */
function acksToComeBack(sharing: Sharing): number {
  let count = 0
  for (let now = sharing; !now.isShared; now = hearAnswer(now, true, QUICK_MS)) count += 1
  return count
}

test('L15: a lane is with the others until its part is anything but a clean and quick ack', () => {
  const well = afterQuickAcks(beginShared(), 100)
  assert.equal(well.isShared, true)
  assert.equal(hearAnswer(well, false, QUICK_MS).isShared, false, 'a failure')
  assert.equal(hearAnswer(well, true, SLOW_MS).isShared, false, 'a slow ack')
})

test('L15: it comes back after several quick acks in a row', () => {
  const alone = sendAlone(beginShared())
  const needed = acksToComeBack(alone)
  assert.ok(needed > 1, 'one quick ack proves nothing')
  const almost = afterQuickAcks(alone, needed - 1)
  const slow = hearAnswer(almost, true, SLOW_MS)
  assert.equal(acksToComeBack(slow), needed, 'they are counted anew, and no more are needed')
  assert.equal(afterQuickAcks(almost, 1).isShared, true)
})

test('L15: each time that it has to leave again it needs twice as many, up to a bound', () => {
  let sharing = sendAlone(beginShared())
  const needed = Array.from({ length: 12 }, () => {
    const count = acksToComeBack(sharing)
    sharing = sendAlone(afterQuickAcks(sharing, count))
    return count
  })
  const doubled = needed.map((_, index) => Math.min((needed[0] ?? 0) * 2 ** index, 1_024))
  assert.deepEqual(needed, doubled)
})

test('L15: once it was well with the others for as long, what was before is forgotten', () => {
  const first = sendAlone(beginShared())
  const needed = acksToComeBack(first)
  const back = afterQuickAcks(first, needed)
  assert.equal(acksToComeBack(sendAlone(back)), 2 * needed)
  assert.equal(acksToComeBack(sendAlone(afterQuickAcks(back, needed))), needed)
})
