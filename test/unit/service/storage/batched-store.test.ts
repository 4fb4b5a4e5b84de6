import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DependencyHealth } from '../../../../src/business/dependency-health.ts'
import { StoreError, type SettledOrder } from '../../../../src/business/ports.ts'
import { eventBytes } from '../../../../src/business/stream/event-size.ts'
import { FIRST_PLACE } from '../../../../src/business/stream/settled-feed.ts'
import type { BatchRunner } from '../../../../src/service/storage/batch-runner.ts'
import { BatchedStore } from '../../../../src/service/storage/batched-store.ts'
import type { Kind, Value } from '../../../../src/service/storage/operation.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { someOrder, somePending } from '../../../support/some-event.ts'

const READ_WAIT_MS = 5_000

/** What a store without orders answers. */
function answerTo(kind: Kind): Value {
  if (kind === 'join') return 100
  return kind.startsWith('list') ? [] : undefined
}

/** A store that carries out nothing before `resume`. */
async function setUp() {
  const clock = new ManualClock()
  const health = new DependencyHealth(clock, () => {})
  const ran: Kind[] = []
  let held: PromiseWithResolvers<void> | undefined
  const runner: BatchRunner = {
    async run(batch) {
      ran.push(...batch.map(({ kind }) => kind))
      await held?.promise
      return batch.map(({ kind }) => ({ kind: 'value', value: answerTo(kind) }))
    },
    close: () => Promise.resolve(),
  }
  const store = await BatchedStore.open({
    runner,
    reader: runner,
    leaseMs: 0,
    watch: { health, clock },
    readWaitMs: READ_WAIT_MS,
  })
  ran.length = 0
  held = Promise.withResolvers<void>()
  return { clock, store, ran, resume: () => held.resolve() }
}

test('a read that nobody waits for any more is not carried out, and a change is', async () => {
  const { clock, store, ran, resume } = await setUp()
  const pending = somePending({})
  const { orderId } = pending.event.order
  const first = [store.probe(), store.listOrders({ limit: 1 })]
  await setImmediate()
  await setImmediate()
  const reads = [
    store.findOrder(orderId),
    store.listOrders({ limit: 2 }),
    store.listEvents(orderId, 0, 1),
  ]
  const told = Promise.all(
    reads.map((read) =>
      assert.rejects(read, (error) => error instanceof StoreError && error.isApplied === 'no'),
    ),
  )
  const discarded = store.discard(pending)
  // For all readers of the stream.
  const page = store.listSettled(FIRST_PLACE, 1)
  clock.advance(READ_WAIT_MS)
  await told
  const later = store.findOrder(orderId)
  resume()
  await Promise.all([...first, discarded, page, later])
  const expected: Kind[] = ['discard', 'findOrder', 'listOrders', 'listSettled', 'probe']
  assert.deepEqual(ran.toSorted(), expected)
  await store.close()
})

test('a read for a change is not carried out after the time of its request', async (t) => {
  const { clock, store, ran, resume } = await setUp()
  t.after(() => store.close())
  t.after(resume)
  const { orderId } = somePending({}).event.order
  const first = store.probe()
  await setImmediate()
  await setImmediate()
  const retryKey = { idempotencyKey: 'K-1', fingerprint: 'F' }
  const lists = store.listEvents(orderId, 0, 1)
  await setImmediate()
  await setImmediate()
  const reads = [
    store.findOrder(orderId, 1_000),
    store.findKeyedChange(retryKey, 1_000),
    store.listRecordKeys(orderId, 1_000),
  ]
  const told = Promise.all(reads.map((read) => assert.rejects(read, StoreError)))
  clock.advance(1_000)
  await told
  resume()
  await Promise.all([first, lists])
  assert.deepEqual(ran, ['probe', 'listEvents'])
})

test('the larger an order may be, the fewer are read in one batch', async (t) => {
  const clock = new ManualClock()
  const health = new DependencyHealth(clock, () => {})
  const found: SettledOrder = { order: someOrder(), version: 1 }
  const counts: number[] = []
  const allowed: unknown[] = []
  const runner: BatchRunner = {
    async run(batch) {
      if (batch[0]?.kind === 'findOrder') counts.push(batch.length)
      if (batch[0]?.kind === 'join') allowed.push(batch[0].args[2])
      return batch.map(({ kind }) => ({ kind: 'value', value: kind === 'join' ? 500 : found }))
    },
    close: () => Promise.resolve(),
  }
  const store = await BatchedStore.open({
    runner,
    leaseMs: 0,
    watch: { health, clock },
    maxItemsPerOrder: 100,
  })
  t.after(() => store.close())
  const read = (count: number) =>
    Promise.all(Array.from({ length: count }, () => store.findOrder(found.order.orderId)))
  await read(60)
  assert.deepEqual(allowed, [100])
  assert.deepEqual(counts, [49, 11])
  assert.equal(store.size.itemsMax, 500)
  Object.assign(found.order, { items: largeItems(1_000) })
  await read(1)
  assert.equal(store.size.itemsMax, 1_000)
  counts.length = 0
  await read(30)
  assert.deepEqual(counts, [24, 6])
})

const LARGE = { ...somePending({}).event, order: { ...someOrder(), items: largeItems(200) } }

function largeItems(count: number) {
  const item = { itemId: '😀'.repeat(255), quantity: 1, priceMinor: 1 }
  return Array.from({ length: count }, () => item)
}

const READS: Record<string, [value: unknown, read: (store: BatchedStore) => Promise<unknown>]> = {
  findOrder: [{ order: LARGE.order, version: 1 }, (store) => store.findOrder(LARGE.order.orderId)],
  findKeyedChange: [
    { order: LARGE.order, version: 1, isSettled: true },
    (store) => store.findKeyedChange({ idempotencyKey: 'K-1', fingerprint: 'F' }),
  ],
  listOrders: [[{ order: LARGE.order, version: 1 }], (store) => store.listOrders({ limit: 1 })],
  findEvent: [{ event: LARGE }, (store) => store.findEvent(LARGE.order.orderId, 1)],
  listSettled: [[{ order: LARGE.order }], (store) => store.listSettled(FIRST_PLACE, 1)],
  listPending: [[{ event: LARGE }], (store) => store.listPending(1)],
  takeOverPending: [
    [{ event: LARGE }],
    (store) => store.takeOverPending(1, { expiredForMs: 0, exceptPartitions: [] }),
  ],
}

for (const [kind, [value, read]] of Object.entries(READS)) {
  test(`an order that ${kind} brings shows how large orders may be`, async (t) => {
    const runner: BatchRunner = {
      run: (batch) =>
        Promise.resolve(
          batch.map((operation) => ({
            kind: 'value',
            value: operation.kind === 'join' ? 100 : (value as Value),
          })),
        ),
      close: () => Promise.resolve(),
    }
    const store = await BatchedStore.open({ runner, leaseMs: 0 })
    t.after(() => store.close())
    await read(store)
    assert.equal(store.size.itemsMax, 200)
    assert.equal(store.size.bytesMax, eventBytes(LARGE))
  })
}
