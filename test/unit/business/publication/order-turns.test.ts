import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { OrderTurns } from '../../../../src/business/publication/order-turns.ts'
import { LivePublication } from '../../../../src/business/publication/publication.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { someEvent } from '../../../support/some-event.ts'

const ORDER_ID = 'ORD-1' as OrderId
const DEADLINE_MS = 5_000

/** One has the turn of an order; those that wait for it are told by their names. */
function setUp() {
  const clock = new ManualClock()
  const turns = new OrderTurns(clock)
  assert.equal(turns.take(ORDER_ID), true)
  const told: string[] = []
  const wait = async (name: string, deadlineMs = DEADLINE_MS, concerns = () => false) => {
    const { kind } = await turns.wait(ORDER_ID, concerns, deadlineMs)
    told.push(`${name}: ${kind}`)
  }
  return { clock, turns, told, wait }
}

test('requests of one order take their turns as they came', async () => {
  const { turns, told, wait } = setUp()
  const waits = [wait('first'), wait('second'), wait('third')]
  for (const each of waits) {
    turns.pass(ORDER_ID)
    await each
  }
  assert.deepEqual(told, ['first: turn', 'second: turn', 'third: turn'])
  turns.pass(ORDER_ID)
  assert.equal(turns.take(ORDER_ID), true)
})

test('a request of another order does not wait', () => {
  assert.equal(setUp().turns.take('ORD-2' as OrderId), true)
})

test('a request whose deadline comes leaves the line, and those behind it move up', async () => {
  const { clock, turns, told, wait } = setUp()
  const waits = [wait('hurried', 1_000), wait('patient')]
  clock.advance(1_000)
  turns.pass(ORDER_ID)
  await Promise.all(waits)
  assert.deepEqual(told, ['hurried: deadline', 'patient: turn'])
  assert.equal(turns.waitingCount, 0)
})

test('a turn that comes with the deadline is not given', async () => {
  const { clock, turns, told, wait } = setUp()
  // The timer of this deadline comes after what is due at the same time and was scheduled before.
  clock.schedule(1_000, () => turns.pass(ORDER_ID))
  const waits = [wait('hurried', 1_000), wait('patient')]
  clock.advance(1_000)
  await Promise.all(waits)
  assert.deepEqual(told, ['hurried: deadline', 'patient: turn'])
})

test('a thousand wait for one order, and the next one is told at once that it is full', async () => {
  const { turns, told, wait } = setUp()
  const waits = Array.from({ length: 1_000 }, (_, index) => wait(String(index)))
  assert.equal(turns.waitingCount, 1_000)
  await wait('one more')
  assert.deepEqual(told, ['one more: full'])
  for (const each of waits) {
    turns.pass(ORDER_ID)
    await each
  }
  assert.equal(told.at(-1), '999: turn')
  assert.equal(turns.waitingCount, 0)
})

/** A change that so many wait for, and what they were told so far. */
function setUpCrowd(count: number) {
  const clock = new ManualClock()
  const turns = new OrderTurns(clock)
  turns.take(ORDER_ID)
  const change = new LivePublication(someEvent({ orderId: ORDER_ID }), undefined)
  const told: string[] = []
  const leaves: Array<() => void> = []
  const leaving = Array.from({ length: count }, () => new AbortController())
  for (const { signal } of leaving) {
    void turns
      .wait(ORDER_ID, () => true, DEADLINE_MS, signal)
      .then((waited) => {
        told.push(waited.kind)
        if (waited.kind === 'ended') leaves.push(waited.leave)
      })
  }
  return { clock, turns, change, told, leaves, leaving }
}

test('an event that is larger than 8 MiB is told of to one at a time, and to nobody who has left', async () => {
  const { clock, turns, change, told, leaves, leaving } = setUpCrowd(3)
  turns.hearOfEnd(change, 'settled', 9 * 1024 * 1024)
  leaving[1]?.abort()
  await setImmediate()
  assert.deepEqual(told, ['ended', 'left'])
  assert.equal(turns.waitingCount, 1)
  // The turn is passed on meanwhile, and others wait for it.
  turns.pass(ORDER_ID)
  assert.equal(turns.take(ORDER_ID), true)
  const next = turns.wait(ORDER_ID, () => false, DEADLINE_MS)
  leaves[0]?.()
  clock.advance(0)
  await setImmediate()
  assert.deepEqual(told, ['ended', 'left', 'ended'])
  turns.pass(ORDER_ID)
  assert.equal((await next).kind, 'turn')
  assert.equal(turns.waitingCount, 0)
})

test('those whom the end of a large change concerns are told as others leave, 8 MiB at a time', async () => {
  const { clock, turns, change, told, leaves } = setUpCrowd(20)
  turns.hearOfEnd(change, 'settled', 1024 * 1024)
  await setImmediate()
  assert.deepEqual(told, Array(8).fill('ended'))
  assert.equal(turns.waitingCount, 12)
  for (const leave of leaves.splice(0, 3)) leave()
  clock.advance(0)
  await setImmediate()
  assert.deepEqual(told, Array(11).fill('ended'))
  clock.advance(DEADLINE_MS)
  await setImmediate()
  assert.deepEqual(told.slice(11), Array(9).fill('crowded'))
  assert.equal(turns.waitingCount, 0)
})

test('of a change that was abandoned, and of small ones, all are told at once', async () => {
  for (const [end, bytes] of [
    ['settled', 300],
    ['abandoned', 1024 * 1024],
  ] as const) {
    const { turns, change, told } = setUpCrowd(20)
    turns.hearOfEnd(change, end, bytes)
    await setImmediate()
    assert.deepEqual(told, Array(20).fill('ended'))
  }
})

test('many orders have no more that wait than there is room for', async () => {
  const turns = new OrderTurns(new ManualClock())
  const waits = Array.from({ length: 10_000 }, (_, index) => {
    const orderId = `ORD-${index % 20}` as OrderId
    turns.take(orderId)
    return turns.wait(orderId, () => false, DEADLINE_MS)
  })
  assert.equal(turns.waitingCount, 10_000)
  const { kind } = await turns.wait('ORD-0' as OrderId, () => false, DEADLINE_MS)
  assert.equal(kind, 'full')
  turns.pass('ORD-0' as OrderId)
  assert.equal((await waits[0])?.kind, 'turn')
  void turns.wait('ORD-0' as OrderId, () => false, DEADLINE_MS)
  assert.equal(turns.waitingCount, 10_000)
})

test('one whose client leaves leaves the line, and those behind it move up', async () => {
  const { clock, turns, told, wait } = setUp()
  const leaving = new AbortController()
  const left = turns.wait(ORDER_ID, () => false, DEADLINE_MS, leaving.signal)
  const patient = wait('patient')
  leaving.abort()
  assert.deepEqual(await left, { kind: 'left' })
  assert.equal(turns.waitingCount, 1)
  turns.pass(ORDER_ID)
  await patient
  assert.deepEqual(told, ['patient: turn'])
  const late = await turns.wait(ORDER_ID, () => false, DEADLINE_MS, leaving.signal)
  assert.deepEqual(late, { kind: 'left' })
  clock.advance(DEADLINE_MS)
  assert.equal(turns.waitingCount, 0)
})

test('one that has had its turn is not touched when its client leaves', async () => {
  const { turns } = setUp()
  const leaving = new AbortController()
  const first = turns.wait(ORDER_ID, () => false, DEADLINE_MS, leaving.signal)
  const second = turns.wait(ORDER_ID, () => false, DEADLINE_MS)
  turns.pass(ORDER_ID)
  assert.equal((await first).kind, 'turn')
  leaving.abort()
  assert.equal(turns.waitingCount, 1)
  turns.pass(ORDER_ID)
  assert.equal((await second).kind, 'turn')
})

test('the end of a change answers those whom it concerns, and the others keep their places', async () => {
  const { turns, told, wait } = setUp()
  const change = new LivePublication(someEvent({ orderId: ORDER_ID }), undefined)
  const waits = [
    wait('other'),
    wait('concerned', DEADLINE_MS, () => true),
    wait('next'),
    wait('concerned too', DEADLINE_MS, () => true),
  ]
  turns.hearOfEnd(change, 'discarded', 300)
  assert.equal(turns.waitingCount, 4)
  turns.hearOfEnd(change, 'settled', 300)
  assert.equal(turns.waitingCount, 2)
  turns.pass(ORDER_ID)
  turns.pass(ORDER_ID)
  await Promise.all(waits)
  assert.deepEqual(told, ['concerned: ended', 'concerned too: ended', 'other: turn', 'next: turn'])
})
