import assert from 'node:assert/strict'
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

test('of those whom a large change concerns as many are told as have their events in 1 MiB', async () => {
  const change = new LivePublication(someEvent({ orderId: ORDER_ID }), undefined)
  for (const [end, bytes, toldCount] of [
    ['settled', 100_000, 10],
    ['settled', 2_000_000, 1],
    ['settled', 300, 20],
    ['abandoned', 100_000, 20],
  ] as const) {
    const turns = new OrderTurns(new ManualClock())
    turns.take(ORDER_ID)
    const waits = Array.from({ length: 20 }, () => turns.wait(ORDER_ID, () => true, DEADLINE_MS))
    turns.hearOfEnd(change, end, bytes)
    const kinds = (await Promise.all(waits)).map(({ kind }) => kind)
    assert.equal(kinds.filter((kind) => kind === 'ended').length, toldCount)
    assert.equal(kinds.filter((kind) => kind === 'crowded').length, 20 - toldCount)
    assert.equal(turns.waitingCount, 0)
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
