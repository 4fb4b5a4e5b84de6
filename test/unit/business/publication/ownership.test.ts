import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError, type HandOverResult } from '../../../../src/business/ports.ts'
import { Lease } from '../../../../src/business/publication/lease.ts'
import { Ownership } from '../../../../src/business/publication/ownership.ts'
import type { PendingEvent } from '../../../../src/models/order-event.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { somePending } from '../../../support/some-event.ts'

const LEASE_MS = 10_000

/** Ownership over a store that answers as it is told, and writes down what is asked of everyone. */
function setUp() {
  const clock = new ManualClock()
  const lease = new Lease(clock, LEASE_MS)
  const calls: string[] = []
  const faults: Faults = {
    isAway: false,
    isLost: false,
    takeOver: undefined,
    stuck: [],
    handOver: 'handed-over',
  }
  const left: PendingEvent[] = []
  const patience: number[] = []
  const spared: Array<readonly number[]> = []
  const answer = <Value>(name: string, value: Value): Promise<Value> => {
    calls.push(name)
    return faults.isAway ? Promise.reject(new StoreError('away', 'no')) : Promise.resolve(value)
  }
  const ownership = new Ownership({
    store: {
      instanceId: 'me',
      renewLease: () => answer('renew', !faults.isLost),
      handOver: (held) => answer(`hand over ${held.length}`, faults.handOver),
      takeOverPending: (limit, { expiredForMs, exceptPartitions }) => {
        const { takeOver } = faults
        patience.push(expiredForMs)
        spared.push(exceptPartitions)
        return takeOver === undefined
          ? answer('take over', left.splice(0, limit))
          : Promise.reject(takeOver)
      },
      async join() {
        await answer(`join ${lease.isHeld ? 'held' : 'not held'}`, undefined)
        faults.isLost = false
      },
    },
    holder: {
      stuckPartitions: (forMs) => (forMs === LEASE_MS ? faults.stuck : []),
      hold: (partition) => {
        calls.push(`hold ${partition}`)
        return [pendingOf('stuck')]
      },
      resume: (partition) => void calls.push(`resume ${partition}`),
      async letGo(partition, held) {
        calls.push(`lane ${partition} lets go ${held.length}`)
      },
      async abandon() {
        calls.push('abandon lanes')
      },
    },
    publications: {
      count: 3,
      recover: ({ event }) => void calls.push(`recover ${event.order.orderId}`),
      abandon: () => void calls.push('abandon changes'),
      letGo: (held) => void calls.push(`let go ${held.length}`),
    },
    lease,
    leaseMs: LEASE_MS,
    clock,
    onLost: () => calls.push('lost'),
    onTakenOver: (count) => calls.push(`taken over ${count}`),
    onHandedOver: (partition, count) => calls.push(`handed over ${count} of ${partition}`),
  })
  /** What was asked since the last time. */
  const asked = (): string[] => calls.splice(0)
  const pass = async (ms: number): Promise<void> => {
    const endMs = clock.monotonicMs() + ms
    await clock.runUntil(() => clock.monotonicMs() >= endMs)
  }
  return { ownership, lease, clock, faults, left, patience, spared, asked, pass }
}

interface Faults {
  isAway: boolean
  isLost: boolean
  takeOver: Error | undefined
  stuck: readonly number[]
  handOver: HandOverResult
}

function pendingOf(orderId: string): PendingEvent {
  return somePending({ orderId: orderId as never })
}

test('before the store has renewed the lease once nothing may be published', async () => {
  const { ownership, lease } = setUp()
  assert.equal(lease.isHeld, false)
  await ownership.start()
  assert.equal(lease.isHeld, true)
  await ownership.close()
})

test('a start takes over what others left, before it is through', async () => {
  const { ownership, left, asked } = setUp()
  left.push(pendingOf('a'), pendingOf('b'))
  await ownership.start()
  assert.deepEqual(asked(), ['renew', 'take over', 'recover a', 'recover b', 'taken over 2'])
  await ownership.close()
})

test('until a lease after its start it takes over only from leases that ran out a lease ago', async () => {
  const { ownership, patience, pass } = setUp()
  await ownership.start()
  await pass(LEASE_MS / 2)
  assert.deepEqual(new Set(patience.splice(0)), new Set([LEASE_MS]))
  await pass(LEASE_MS / 2)
  patience.length = 0
  await pass(LEASE_MS)
  assert.deepEqual(new Set(patience), new Set([0]))
  await ownership.close()
})

test('more than one answer of the store can hold is taken over all the same', async () => {
  const { ownership, left, asked } = setUp()
  left.push(...Array.from({ length: 160 }, (_, index) => pendingOf(`order-${index}`)))
  await ownership.start()
  const calls = asked()
  assert.equal(calls.filter((call) => call === 'take over').length, 3)
  assert.equal(calls.filter((call) => call.startsWith('recover')).length, 160)
  await ownership.close()
})

test('a start whose store is away fails', async () => {
  const { ownership, faults } = setUp()
  faults.isAway = true
  await assert.rejects(ownership.start(), StoreError)
})

test('the lease is held for as long as it is renewed, and what others leave is taken over', async () => {
  const { ownership, lease, left, asked, pass } = setUp()
  await ownership.start()
  await pass(3 * LEASE_MS)
  assert.equal(lease.isHeld, true)
  asked()
  left.push(pendingOf('later'))
  await pass(LEASE_MS)
  assert.ok(asked().includes('recover later'))
  await ownership.close()
})

test('a lease that the store does not renew runs out here before it does there', async () => {
  const { ownership, lease, faults, pass } = setUp()
  await ownership.start()
  faults.isAway = true
  await pass(LEASE_MS / 2)
  assert.equal(lease.isHeld, true)
  await pass(LEASE_MS / 2 - 1)
  assert.equal(lease.isHeld, false)
  await ownership.close()
})

test('a late renewal gives the lease back, and for the length of one nothing is taken over', async () => {
  const { ownership, lease, faults, left, asked, pass } = setUp()
  await ownership.start()
  faults.isAway = true
  await pass(3 * LEASE_MS)
  faults.isAway = false
  left.push(pendingOf('of one who comes back as well'))
  asked()
  await pass(LEASE_MS / 2)
  assert.equal(lease.isHeld, true)
  assert.deepEqual(
    asked().filter((call) => call !== 'renew'),
    [],
  )
  await pass(LEASE_MS)
  assert.ok(asked().includes('recover of one who comes back as well'))
  await ownership.close()
})

test('an instance that was taken over from forgets everything before it joins anew', async () => {
  const { ownership, lease, faults, asked, pass } = setUp()
  await ownership.start()
  asked()
  faults.isLost = true
  await pass(LEASE_MS / 2)
  const expected = ['renew', 'lost', 'abandon changes', 'abandon lanes', 'join not held', 'renew']
  assert.deepEqual(asked(), expected)
  assert.equal(lease.isHeld, true)
  await ownership.close()
})

test('a suspicion ends the lease, and the store is asked at once, not at the next renewal', async () => {
  const { ownership, lease, left, asked, pass } = setUp()
  await ownership.start()
  asked()
  left.push(pendingOf('a'))
  ownership.suspectTakeOver()
  assert.equal(lease.isHeld, false)
  await pass(1)
  assert.deepEqual(asked(), ['renew', 'take over', 'recover a', 'taken over 1'])
  assert.equal(lease.isHeld, true)
  await ownership.close()
})

test('a suspicion that comes up while the store is asked is settled by another question', async () => {
  const { ownership, lease, faults, asked, pass } = setUp()
  await ownership.start()
  asked()
  ownership.suspectTakeOver()
  await Promise.resolve()
  assert.deepEqual(asked(), ['renew'])
  faults.isLost = true
  ownership.suspectTakeOver()
  await Promise.resolve()
  await Promise.resolve()
  assert.equal(lease.isHeld, false)
  await pass(1)
  assert.deepEqual(asked().slice(0, 2), ['renew', 'lost'])
  await ownership.close()
})

test('joining anew is tried until the store does it, and nothing may be published until then', async () => {
  const { ownership, lease, faults, asked, pass } = setUp()
  await ownership.start()
  faults.isLost = true
  await pass(LEASE_MS / 5)
  faults.isAway = true
  faults.isLost = true
  await pass(LEASE_MS)
  assert.equal(lease.isHeld, false)
  faults.isAway = false
  await pass(LEASE_MS)
  assert.equal(lease.isHeld, true)
  assert.ok(asked().includes('join not held'))
  await ownership.close()
})

test('a take-over of which nobody knows what it took makes the instance join anew', async () => {
  const { ownership, faults, asked, pass } = setUp()
  await ownership.start()
  asked()
  faults.takeOver = new StoreError('connection lost', 'unknown')
  await pass(LEASE_MS / 4)
  faults.takeOver = undefined
  await pass(LEASE_MS / 4)
  assert.deepEqual(asked().slice(0, 4), [
    'renew',
    'abandon changes',
    'abandon lanes',
    'join not held',
  ])
  await ownership.close()
})

test('a take-over that the store did not do is tried again', async () => {
  const { ownership, faults, left, asked, pass } = setUp()
  await ownership.start()
  asked()
  faults.takeOver = new StoreError('away', 'no')
  await pass(LEASE_MS / 4)
  faults.takeOver = undefined
  left.push(pendingOf('a'))
  await pass(LEASE_MS / 4)
  const calls = asked()
  const first = calls.indexOf('take over')
  assert.deepEqual(calls.slice(first, first + 3), ['take over', 'recover a', 'taken over 1'])
  await ownership.close()
})

test('says who it is and what it owns', async () => {
  const { ownership } = setUp()
  await ownership.start()
  assert.deepEqual(ownership.state(), {
    instanceId: 'me',
    isLeaseHeld: true,
    pendingEventCount: 3,
  })
  await ownership.close()
})

test('what a partition without progress for a lease holds is handed over, and sent no more here', async () => {
  const { ownership, faults, spared, asked, pass } = setUp()
  await ownership.start()
  faults.stuck = [2]
  asked()
  await pass(LEASE_MS / 5)
  assert.deepEqual(asked().slice(0, 7), [
    'renew',
    'hold 2',
    'hand over 1',
    'let go 1',
    'lane 2 lets go 1',
    'handed over 1 of 2',
    'resume 2',
  ])
  assert.deepEqual(spared.at(-1), [2], 'nor is it taken over again')
  await ownership.close()
})

test('where no other instance lives it is kept', async () => {
  const { ownership, faults, asked, pass } = setUp()
  await ownership.start()
  faults.stuck = [2]
  faults.handOver = 'kept'
  asked()
  await pass(LEASE_MS / 5)
  assert.deepEqual(asked(), ['renew', 'hold 2', 'hand over 1', 'resume 2', 'take over'])
  await ownership.close()
})

test('a renewal that fails is repeated soon, so that an outage of the store costs no heartbeat more', async () => {
  const { ownership, faults, asked, pass } = setUp()
  await ownership.start()
  faults.isAway = true
  await pass(LEASE_MS / 5)
  asked()
  await pass(1_000)
  assert.equal(asked().filter((call) => call === 'renew').length, 4)
  await ownership.close()
})

test('where another store answers it sends nothing of before, and joins as another instance', async () => {
  const { ownership, lease, faults, asked, pass } = setUp()
  await ownership.start()
  asked()
  faults.isAway = true
  await ownership.startAnew()
  assert.equal(lease.isHeld, false)
  assert.deepEqual(asked().slice(0, 2), ['abandon changes', 'abandon lanes'])
  await pass(1_000)
  assert.deepEqual(new Set(asked()), new Set(['join not held']))
  assert.equal(lease.isHeld, false)
  faults.isAway = false
  await pass(LEASE_MS / 2)
  assert.equal(lease.isHeld, true)
  assert.deepEqual(new Set(asked()), new Set(['join not held', 'renew']))
  await ownership.close()
})
