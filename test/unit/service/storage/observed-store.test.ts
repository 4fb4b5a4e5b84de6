import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DependencyHealth } from '../../../../src/business/dependency-health.ts'
import {
  StoreError,
  type OrderReader,
  type OrderStore,
  type RetryKeyStore,
} from '../../../../src/business/ports.ts'
import { observeStore } from '../../../../src/service/storage/observed-store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { somePending } from '../../../support/some-event.ts'

function setUp() {
  const faults = { isFull: false, probes: 0, closes: 0 }
  const write = <Value>(value: Value): Promise<Value> =>
    faults.isFull ? Promise.reject(new StoreError('disk full', 'no')) : Promise.resolve(value)
  const store: OrderStore & OrderReader & RetryKeyStore = {
    instanceId: 'one',
    findOrder: () => Promise.resolve(undefined),
    listOrders: () => Promise.resolve([]),
    listEvents: () => Promise.resolve([]),
    findEvent: () => Promise.resolve(undefined),
    findKeyedChange: () => Promise.resolve(undefined),
    forgetKeys: () => write(0),
    reserve: () => write('reserved' as const),
    settle: () => write('settled' as const),
    discard: () => write('absent' as const),
    renewLease: () => Promise.resolve(true),
    takeOverPending: () => Promise.resolve([]),
    handOver: () => Promise.resolve('kept' as const),
    join: () => write(undefined),
    listPending: () => Promise.resolve([]),
    probe() {
      faults.probes += 1
      return write(undefined)
    },
    close() {
      faults.closes += 1
      return Promise.resolve()
    },
  }
  const clock = new ManualClock()
  const health = new DependencyHealth(clock, () => {})
  const statusOf = () => health.states().storage.status
  return { faults, clock, statusOf, health, observed: observeStore(store, { health, clock }) }
}

test('the store is up once something was written, not when it was only read', async () => {
  const { observed, statusOf } = setUp()
  await observed.findOrder(somePending({}).event.order.orderId)
  await observed.discard(somePending({}))
  assert.equal(statusOf(), 'down')
  await observed.reserve(somePending({}))
  assert.equal(statusOf(), 'up')
  await observed.close()
})

test('a store that fails is down, and is probed without traffic until it writes again', async () => {
  const { observed, statusOf, health, faults, clock } = setUp()
  await observed.probe()
  faults.isFull = true
  await assert.rejects(observed.reserve(somePending({})), StoreError)
  assert.equal(health.states().storage.reason, 'disk full')
  await clock.runUntil(() => faults.probes > 3)
  assert.equal(statusOf(), 'down')
  faults.isFull = false
  await clock.runUntil(() => statusOf() === 'up')
  await observed.close()
})

test('closing ends the probing and closes the store', async () => {
  const { observed, faults } = setUp()
  faults.isFull = true
  await assert.rejects(observed.probe(), StoreError)
  await observed.close()
  assert.equal(faults.closes, 1)
})
