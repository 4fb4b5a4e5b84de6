import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DependencyHealth } from '../../../../src/business/dependency-health.ts'
import { Measures } from '../../../../src/business/measures/measures.ts'
import { StoreError } from '../../../../src/business/ports.ts'
import { FIRST_PLACE } from '../../../../src/business/stream/settled-feed.ts'
import type { BatchRunner } from '../../../../src/service/storage/batch-runner.ts'
import { BatchedStore } from '../../../../src/service/storage/batched-store.ts'
import type { Kind, OperationResult, Value } from '../../../../src/service/storage/operation.ts'
import { StoreWatch } from '../../../../src/service/storage/store-watch.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { somePending } from '../../../support/some-event.ts'

const ANSWERS: { readonly [K in Kind]?: Value<K> } = {
  join: 100,
  leave: true,
  probe: true,
  reserve: 'reserved',
  settle: 'settled',
  discard: 'absent',
  renewLease: true,
  takeOverPending: [],
}

const EVERY_OWNER = { expiredForMs: 0, exceptPartitions: [] }

/** A store whose runners answer as they are told, and write down what they were asked. */
async function setUp() {
  const faults = { isFull: false, isReaderAway: false, isSettled: false }
  const asked: string[] = []
  const settled: string[] = []
  const answer = (kind: Kind): OperationResult => {
    asked.push(kind)
    const isFailed = faults.isFull && kind !== 'findOrder' && kind !== 'leave'
    if (isFailed) return { kind: 'failed', message: 'disk full', isApplied: 'no' }
    if (kind === 'settle' && faults.isSettled) return { kind: 'value', value: 'settled-before' }
    return { kind: 'value', value: ANSWERS[kind] }
  }
  const close = async () => void asked.push('close')
  const runner: BatchRunner = { run: async (batch) => batch.map(({ kind }) => answer(kind)), close }
  const reader: BatchRunner = {
    run: async (batch) =>
      batch.map(() =>
        faults.isReaderAway
          ? { kind: 'failed', message: 'reader away', isApplied: 'no' }
          : { kind: 'value', value: [] },
      ),
    close,
  }
  const clock = new ManualClock()
  const health = new DependencyHealth(clock, () => {})
  const watch = { health, clock, onSettled: () => settled.push('settled') }
  const store = await BatchedStore.open({ runner, reader, leaseMs: 0, watch })
  health.reportDown('storage', 'not known yet')
  return { faults, asked, settled, clock, store, health, storage: () => health.states().storage }
}

test('the store is up once something was written, not when it was only read', async () => {
  const { store, storage } = await setUp()
  await store.findOrder(somePending({}).event.order.orderId)
  await store.discard(somePending({}))
  await store.listOrders({ limit: 1 })
  // A full disk of SQLite does not keep these two from finding nothing to do.
  assert.equal(await store.renewLease(), true)
  assert.deepEqual(await store.takeOverPending(1, EVERY_OWNER), [])
  assert.equal(storage().status, 'down')
  await store.reserve(somePending({}))
  assert.equal(storage().status, 'up')
  await store.close()
})

test('a store that fails is down, and is probed without traffic until it writes again', async () => {
  const { store, storage, faults, asked, clock } = await setUp()
  await store.probe()
  faults.isFull = true
  await assert.rejects(store.reserve(somePending({})), StoreError)
  assert.equal(storage().reason, 'disk full')
  const probes = () => asked.filter((kind) => kind === 'probe').length
  await clock.runUntil(() => probes() > 4)
  assert.equal(storage().status, 'down')
  faults.isFull = false
  await clock.runUntil(() => storage().status === 'up')
  await store.close()
})

test('it is seen whoever asks for what, the stream and the registration of schemas too', async () => {
  const { store, storage, faults } = await setUp()
  await store.probe()
  faults.isReaderAway = true
  await assert.rejects(store.listSettled(FIRST_PLACE, 1), StoreError)
  assert.deepEqual(
    [storage().status, storage().reason],
    ['degraded', 'lists cannot be read: reader away'],
  )
  await store.probe()
  assert.equal(storage().status, 'degraded', 'changes can be made, and lists cannot be read')
  faults.isReaderAway = false
  await store.listSettled(FIRST_PLACE, 1)
  assert.equal(storage().status, 'up')
  faults.isFull = true
  await assert.rejects(store.findSchemaId('orders-value', 'aa'), StoreError)
  assert.equal(storage().reason, 'disk full')
  await store.close()
})

test('who waits for settlements is told of each once', async () => {
  const { store, settled, faults } = await setUp()
  await store.settle(somePending({}), { partition: 0, offset: 1 })
  assert.equal(settled.length, 1)
  faults.isSettled = true
  await store.settle(somePending({}), { partition: 0, offset: 1 })
  assert.equal(settled.length, 1)
  await store.close()
})

test('a failure while the store closes is no news, and begins no probing', async () => {
  const { clock, health, storage } = await setUp()
  let probes = 0
  const watch = new StoreWatch({ health, clock }, async () => void (probes += 1))
  const runner = watch.watch({
    run: async () => [{ kind: 'failed', message: 'closed', isApplied: 'no' }],
    close: async () => {},
  })
  health.reportUp('storage')
  await watch.close()
  await runner.run([{ kind: 'probe', args: [] }])
  assert.equal(storage().status, 'up')
  assert.equal(probes, 0)
})

test('operations are counted by kind, with the time of their batch, and failures by what they left', async () => {
  const { clock, health } = await setUp()
  const measures = new Measures()
  const watch = new StoreWatch({ health, clock, measures }, async () => {})
  const runner = watch.watch({
    run: async () => {
      clock.advance(30)
      return [
        { kind: 'value', value: true },
        { kind: 'value', value: true },
        { kind: 'failed', message: 'no answer', isApplied: 'unknown' },
      ]
    },
    close: async () => {},
  })
  const probe = { kind: 'probe', args: [] } as const
  await runner.run([probe, probe, { kind: 'findLastPlace', args: [] }])
  assert.deepEqual(
    measures.storeOperations
      .list()
      .map(({ labels, value }) => [
        ...labels,
        value.counts.indexOf(Math.max(...value.counts)),
        value.sumSeconds,
      ]),
    [
      ['probe', 4, 0.06],
      ['findLastPlace', 4, 0.03],
    ],
  )
  assert.deepEqual(
    measures.storeFailures.list().filter(({ count }) => count > 0),
    [{ labels: ['unknown'], count: 1 }],
  )
  await watch.close()
})

test('closing ends the probing and closes the runners', async () => {
  const { store, faults, asked } = await setUp()
  faults.isFull = true
  await assert.rejects(store.probe(), StoreError)
  await store.close()
  assert.equal(asked.filter((kind) => kind === 'close').length, 2)
})
