import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import type { PublishOutcome } from '../../../../../src/business/publication/publisher-port.ts'
import type { PendingEvent } from '../../../../../src/models/order-event.ts'
import type { OrderId } from '../../../../../src/models/order.ts'
import { PartitionLane } from '../../../../../src/service/kafka/lane/driver.ts'
import type { LaneEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import type { SendAnswer } from '../../../../../src/service/kafka/lane/session.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { somePending } from '../../../../support/some-event.ts'
import { FakeSession, namesOf, PRODUCER, REFUSED, TOO_LARGE, UNKNOWN } from './fake-session.ts'

/** The driver's part beside the rules: time, callers, the lease. The broker is a list of what was asked. */

type Listeners = Parameters<ConstructorParameters<typeof PartitionLane>[0]['openSession']>[1]

function setUp({ isAway = false } = {}) {
  const clock = new ManualClock()
  const session = new FakeSession()
  session.isAway = isAway
  const lease = { isHeld: true }
  let listeners: Listeners | undefined
  const lane = new PartitionLane({
    topic: 'orders',
    partition: 0,
    openSession: (_partition, on) => {
      listeners = on
      return session
    },
    clock,
    mayPublish: () => lease.isHeld,
    onSuspicion: () => {},
  })
  const publish = (name: string, timeoutMs = 5_000): Promise<PublishOutcome> =>
    lane.publish(pendingOf(name), clock.monotonicMs() + timeoutMs)
  const pass = async (ms: number): Promise<void> => {
    const endMs = clock.monotonicMs() + ms
    await clock.runUntil(() => clock.monotonicMs() >= endMs, 50)
    await settle()
  }
  return {
    clock,
    session,
    lease,
    lane,
    publish,
    pass,
    lose: () => listeners?.onLost(),
    throttle: (ms: number) => listeners?.onThrottle(ms),
  }
}

function pendingOf(name: string, producer = PRODUCER, valueBytes = 100): PendingEvent {
  return { ...somePending({ orderId: name as OrderId, valueBytes }), producer }
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
}

function never<Value>(): Promise<Value> {
  return Promise.withResolvers<Value>().promise
}

test('an event is acked at the offset that the broker says', async () => {
  const { publish } = setUp()
  await settle()
  assert.deepEqual(await publish('a'), { kind: 'acked', position: { partition: 0, offset: 0 } })
  assert.deepEqual(await publish('b'), { kind: 'acked', position: { partition: 0, offset: 1 } })
})

test('L1: what comes while a request is under way waits, and goes together', async () => {
  const { session, publish } = setUp()
  await settle()
  const first = Promise.withResolvers<SendAnswer>()
  session.sends.push(first.promise)
  const outcomes = [publish('a')]
  await settle()
  outcomes.push(publish('b'), publish('c'))
  await settle()
  assert.deepEqual(session.asked, ['send a'])
  first.resolve({ kind: 'acked', baseOffset: 0, isRepeat: false })
  await Promise.all(outcomes)
  assert.deepEqual(session.asked, ['send a', 'send b+c'])
})

test('L12: nothing is taken and nothing sent while the lease is not held', async () => {
  const { session, lease, lane, publish, pass } = setUp()
  await settle()
  lease.isHeld = false
  const outcome = publish('a', 1_000)
  await pass(900)
  assert.deepEqual(session.asked, [])
  assert.deepEqual(lane.held, [], 'it is in the queue, and has not left')
  await pass(200)
  assert.deepEqual(await outcome, { kind: 'cancelled' })
  lease.isHeld = true
  await pass(100)
  assert.deepEqual(session.asked, [])
})

test('L12: what is in doubt waits for the lease before it is asked for', async () => {
  const { session, lease, publish, pass } = setUp()
  await settle()
  const first = Promise.withResolvers<SendAnswer>()
  session.sends.push(first.promise)
  const outcome = publish('a')
  await settle()
  lease.isHeld = false
  first.resolve(UNKNOWN)
  await pass(2_000)
  assert.deepEqual(session.asked, ['send a'])
  lease.isHeld = true
  await pass(200)
  assert.equal((await outcome).kind, 'acked')
})

test('L12: a lane that is held sends nothing until it is resumed', async () => {
  const { session, lane, publish, pass } = setUp()
  await settle()
  lane.isHeld = true
  const outcome = publish('a')
  await pass(500)
  assert.deepEqual(session.asked, [])
  lane.isHeld = false
  await pass(100)
  assert.equal((await outcome).kind, 'acked')
})

test('L13: what never left is cancelled at its deadline; what has left is in doubt until its end', async () => {
  const { session, publish, pass } = setUp()
  await settle()
  const first = Promise.withResolvers<SendAnswer>()
  session.sends.push(first.promise)
  const left = publish('a', 1_000)
  await settle()
  const queued = publish('b', 1_000)
  await pass(1_050)
  assert.deepEqual(await queued, { kind: 'cancelled' })
  const outcome = await left
  assert.ok(outcome.kind === 'in-doubt')
  first.resolve({ kind: 'acked', baseOffset: 0, isRepeat: false })
  assert.equal((await outcome.resolution).kind, 'acked')
})

test('L13: a close cancels the queue, and hands back what has left', async () => {
  const { session, lane, publish } = setUp()
  await settle()
  const first = Promise.withResolvers<SendAnswer>()
  session.sends.push(first.promise)
  const left = publish('a')
  await settle()
  const queued = publish('b')
  const closing = lane.close()
  first.resolve(UNKNOWN)
  const held = await closing
  assert.deepEqual(await queued, { kind: 'cancelled' })
  assert.equal((await left).kind, 'in-doubt')
  assert.equal(namesOf(held), 'a')
  assert.deepEqual(await publish('c'), { kind: 'cancelled' })
})

test('L14: an event that was admitted by a lane before this one is not sent as new', async () => {
  const { session, lane } = setUp()
  await settle()
  const outcome = await lane.publish(pendingOf('a', { id: 6, epoch: 0 }), 5_000)
  assert.deepEqual(outcome, { kind: 'cancelled' })
  assert.deepEqual(session.asked, [])
})

test('a lane without a connection is closed, and has no place for an event', async () => {
  const { session, lane, pass } = setUp({ isAway: true })
  await settle()
  assert.equal(lane.isOpen, false)
  assert.equal(lane.admission, undefined)
  assert.notEqual(lane.trouble, undefined)
  await pass(1_200)
  assert.equal(lane.trouble, 'ECONNREFUSED')
  session.isAway = false
  await pass(1_100)
  assert.equal(lane.isOpen, true)
  assert.equal(lane.trouble, undefined)
})

test('a doubt that gets no further stalls the lane, however often it connects again', async () => {
  const { session, lane, publish, pass } = setUp()
  await settle()
  session.isSilentAboutProducers = true
  session.sends.push(UNKNOWN)
  const outcome = publish('a')
  await pass(1_000)
  assert.equal(lane.isOpen, true)
  for (let look = 0; look < 200; look += 1) {
    await pass(50)
    assert.equal(lane.isOpen, false, `the gate was open after ${look} looks`)
  }
  assert.equal(lane.trouble, 'DescribeProducers is not answered')
  assert.ok(session.asked.filter((what) => what === 'ask').length > 5)
  const { kind } = await outcome
  assert.equal(kind, 'in-doubt')
  session.isSilentAboutProducers = false
  await pass(1_100)
  assert.equal(lane.isOpen, true)
  assert.equal(lane.size, 0)
})

test('an answer on the way is no progress: a lane that recovers is stalled as one that sends', async () => {
  const { session, lane, pass } = setUp()
  await settle()
  lane.recover(pendingOf('a'), () => {})
  // Numbers and pages come, and no request of it is ever acked.
  session.sends.push(...Array.from({ length: 100 }, () => UNKNOWN))
  await pass(3_000)
  assert.ok(session.asked.filter((what) => what.startsWith('look')).length > 2)
  assert.equal(lane.isOpen, false)
  assert.ok((lane.stuckSinceMs ?? Infinity) < 500)
})

test('an idle lane that loses its broker is stalled when no other takes its place', async () => {
  const { session, lane, pass, lose } = setUp()
  await settle()
  session.isAway = true
  lose()
  await pass(900)
  assert.equal(lane.isOpen, true)
  await pass(300)
  assert.equal(lane.isOpen, false)
  session.isAway = false
  await pass(1_100)
  assert.equal(lane.isOpen, true)
})

test('a refusal of everything is told for 15 seconds, and the next ack ends it', async () => {
  const { session, lane, publish, pass } = setUp()
  await settle()
  session.sends.push(REFUSED)
  const { kind } = await publish('a')
  assert.equal(kind, 'refused')
  await pass(14_000)
  assert.equal(lane.isOpen, true)
  assert.equal(lane.trouble, 'the broker refuses every event: NO_DISK')
  await publish('b')
  assert.equal(lane.trouble, undefined)
})

test('a throttled lane sends nothing before the broker speaks again', async () => {
  const { session, lane, publish, pass, throttle } = setUp()
  await settle()
  throttle(3_000)
  const outcome = publish('a')
  await pass(2_900)
  assert.deepEqual(session.asked, [])
  assert.equal(lane.stuckSinceMs, undefined)
  await pass(200)
  assert.equal((await outcome).kind, 'acked')
})

test('L10: an event that is too large even alone is set aside, tried again, and holds up nobody', async () => {
  const { session, lane, publish, pass } = setUp()
  await settle()
  let acked = false
  await publish('earlier')
  session.sends.push(TOO_LARGE)
  lane.recover(pendingOf('large'), () => (acked = true))
  await pass(100)
  assert.deepEqual(
    lane.parked.map(({ pending }) => pending.event.order.orderId),
    ['large'],
  )
  assert.equal(lane.size, 1)
  assert.equal((await publish('other')).kind, 'acked')
  assert.equal(lane.trouble, undefined)
  await pass(1_500)
  assert.deepEqual(lane.parked, [])
  assert.equal(acked, true)
  // Its ack is no proof: it is looked for once more.
  const [asked, looked, sent, ...proof] = session.asked.slice(-5)
  // L11: what was read before it was set aside is not read again.
  assert.deepEqual([asked, looked, sent], ['ask', 'look large from 1', 'send large'])
  assert.deepEqual(proof, ['ask', 'look large from 2'])
})

test('a request without an answer holds the lane, and its event is not lost when it closes', async () => {
  const { session, lane, publish, pass } = setUp()
  await settle()
  session.sends.push(never<SendAnswer>())
  const outcome = publish('a', 1_000)
  await pass(1_100)
  assert.equal((await outcome).kind, 'in-doubt')
  assert.equal(lane.isOpen, false)
  assert.deepEqual(
    lane.held.map(({ event }) => event.order.orderId),
    ['a'],
  )
})

test('a recovered event is acked by whichever lane takes it up', async () => {
  const [first, second] = [setUp(), setUp()]
  await settle()
  const offsets: number[] = []
  first.lane.isHeld = true
  first.lane.recover(pendingOf('a'), ({ position }) => offsets.push(position.offset))
  for (const entry of await closeHeld(first)) second.lane.adopt(entry)
  await settle()
  assert.deepEqual(offsets, [0])
})

async function closeHeld({ lane, pass }: ReturnType<typeof setUp>): Promise<readonly LaneEntry[]> {
  const closed = lane.close()
  await pass(100)
  return closed
}

test('what was set aside is tried again after a second, then less and less often', async () => {
  const { clock, session, lane, pass } = setUp()
  await settle()
  const triedAtMs: number[] = []
  const send = session.send.bind(session)
  session.send = (entries) => {
    triedAtMs.push(clock.monotonicMs())
    return send(entries)
  }
  session.sends.push(...Array.from({ length: 9 }, () => TOO_LARGE))
  lane.recover(pendingOf('large'), () => {})
  await pass(160_000)
  const pauses = triedAtMs.slice(1).map((atMs, index) => atMs - (triedAtMs[index] ?? 0))
  assert.deepEqual(
    pauses.map((ms) => Math.round(ms / 1_000)),
    [1, 2, 4, 8, 16, 30, 30, 30, 30],
  )
})

test('L10: many events that are refused alone do not hold the partition', async () => {
  const { session, lane, pass } = setUp()
  await settle()
  session.batchBytesMax = 1_000
  let acked = 0
  const sizes = Array.from({ length: 200 }, (_, index) => (index === 150 ? 100 : 5_000 + index))
  for (const [index, valueBytes] of sizes.entries()) {
    lane.recover(pendingOf(`order-${index}`, PRODUCER, valueBytes), () => (acked += 1))
  }
  await pass(500)
  assert.equal(acked, 1)
  assert.equal(lane.parked.length, 199)
  const requests = session.asked.length
  // A question, a look and a request for each, and some for the halves.
  assert.ok(requests < 4 * 200, `${requests} requests`)
  session.batchBytesMax = Infinity
  await pass(2_000)
  assert.equal(acked, 200)
})
