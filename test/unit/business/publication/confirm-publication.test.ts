import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CommandError } from '../../../../src/business/errors.ts'
import { StoreError, type OrderStore } from '../../../../src/business/ports.ts'
import type {
  EventPublisher,
  PublishOutcome,
} from '../../../../src/business/publication/publisher-port.ts'
import { Publications } from '../../../../src/business/publication/confirm-publication.ts'
import { openSqliteStore } from '../../../../src/service/storage/sqlite/store.ts'
import type { PendingEvent } from '../../../../src/models/order-event.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { somePending } from '../../../support/some-event.ts'
import { until } from '../../../support/until.ts'

/** A store that fails, and time: case by case what the property test plays in every order. */

const acked: PublishOutcome = { kind: 'acked', position: { partition: 0, offset: 0 } }
const refused: PublishOutcome = { kind: 'refused', reason: 'too large' }
const DEADLINE_MS = 5_000

type Faults = (real: OrderStore) => Partial<OrderStore>

/** A real store with the given faults, under a publisher that always answers the same. */
async function setUp(outcome: PublishOutcome, faults: Faults) {
  const real = await openSqliteStore({ path: ':memory:' })
  const store: OrderStore = {
    instanceId: real.instanceId,
    findOrder: (orderId) => real.findOrder(orderId),
    reserve: (pending) => real.reserve(pending),
    settle: (pending, position) => real.settle(pending, position),
    discard: (pending) => real.discard(pending),
    renewLease: () => real.renewLease(),
    takeOverPending: (...args) => real.takeOverPending(...args),
    handOver: (pending) => real.handOver(pending),
    join: () => real.join(),
    listPending: (limit) => real.listPending(limit),
    probe: () => real.probe(),
    close: () => real.close(),
    ...faults(real),
  }
  const publisher: EventPublisher = {
    admit: () => ({
      topic: 'orders',
      partition: 0,
      searchFromOffset: 0,
      producer: { id: 4_001, epoch: 0 },
    }),
    publish: () => Promise.resolve(outcome),
    recover: () => new Promise(() => {}),
  }
  const clock = new ManualClock()
  const publications = new Publications({ store, publisher, clock })
  const pending = somePending({})
  const { orderId } = pending.event.order
  return { real, clock, publications, publisher, pending, orderId }
}

/** Fails as often as told, then does what the real one does. */
function failing<Args extends unknown[], Value>(
  times: number,
  real: (...args: Args) => Promise<Value>,
): (...args: Args) => Promise<Value> {
  let left = times
  return (...args) => {
    left -= 1
    return left < 0 ? real(...args) : Promise.reject(new StoreError('disk full', 'no'))
  }
}

async function refusalOf(
  confirmation: Promise<unknown>,
): Promise<Pick<CommandError, 'code' | 'outcome'>> {
  const error: unknown = await confirmation.then(
    () => assert.fail('it was confirmed'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof CommandError, String(error))
  return { code: error.code, outcome: error.outcome }
}

test('a reservation that the store did not take is answered "not applied"', async () => {
  const { publications, pending, orderId, real } = await setUp(acked, () => ({
    reserve: () => Promise.reject(new StoreError('disk full', 'no')),
  }))
  const refusal = await refusalOf(publications.confirm(pending, DEADLINE_MS))
  assert.deepEqual(refusal, { code: 'STORE_UNAVAILABLE', outcome: 'not-applied' })
  assert.equal(publications.find(orderId), undefined, 'the order is free again')
  await real.close()
})

test('a reservation of which the store cannot tell is answered "unknown", and taken back later', async () => {
  const { publications, pending, orderId, clock, real } = await setUp(acked, (store) => ({
    // It was written, and the answer got lost.
    async reserve(reserved) {
      await store.reserve(reserved)
      throw new StoreError('the worker died', 'unknown')
    },
    discard: failing(2, (discarded) => store.discard(discarded)),
  }))
  const refusal = await refusalOf(publications.confirm(pending, DEADLINE_MS))
  assert.deepEqual(refusal, { code: 'STORE_UNAVAILABLE', outcome: 'unknown' })
  assert.equal(publications.find(orderId)?.isInDoubt, true)
  assert.deepEqual(publications.times, [pending.event.time])
  await clock.runUntil(() => publications.count === 0)
  assert.deepEqual(publications.times, [])
  assert.deepEqual(await real.listPending(10), [])
  assert.equal(await real.findOrder(orderId), undefined)
  await real.close()
})

test('a change that another instance has taken over is answered "unknown"', async () => {
  for (const outcome of [acked, refused]) {
    const { publications, pending, orderId, real } = await setUp(outcome, () => ({
      settle: () => Promise.resolve('not-owned'),
      discard: () => Promise.resolve('not-owned'),
    }))
    const refusal = await refusalOf(publications.confirm(pending, DEADLINE_MS))
    assert.deepEqual(refusal, { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
    assert.equal(publications.find(orderId), undefined, 'the order is free here')
    await real.close()
  }
})

test('what is abandoned is answered "unknown" at once, and nothing is done for it any more', async () => {
  const reservation = Promise.withResolvers<'reserved'>()
  const published: PendingEvent[] = []
  const { publications, pending, orderId, real, publisher } = await setUp(acked, () => ({
    reserve: () => reservation.promise,
  }))
  publisher.publish = (event) => {
    published.push(event)
    return Promise.resolve(acked)
  }
  const confirmation = refusalOf(publications.confirm(pending, DEADLINE_MS))
  publications.abandon()
  assert.deepEqual(await confirmation, { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  assert.equal(publications.find(orderId), undefined)
  reservation.resolve('reserved')
  await setImmediate()
  assert.deepEqual(published, [])
  await real.close()
})

test('what was taken over waits for a change of its order that has just begun', async () => {
  const reservation = Promise.withResolvers<'event-pending'>()
  const { publications, pending, orderId, real } = await setUp(acked, () => ({
    reserve: () => reservation.promise,
  }))
  const confirmation = publications.confirm(pending, DEADLINE_MS)
  const left = somePending({ orderId })
  publications.recover(left)
  assert.equal(publications.find(orderId)?.event, pending.event)
  reservation.resolve('event-pending')
  assert.deepEqual(await confirmation, { kind: 'not-reserved', refusal: 'event-pending' })
  await setImmediate()
  assert.equal(publications.find(orderId)?.event, left.event)
  await real.close()
})

test('what was taken over, and had to wait, is forgotten with everything else', async () => {
  const { publications, pending, orderId, real } = await setUp(acked, () => ({
    reserve: () => new Promise(() => {}),
  }))
  void refusalOf(publications.confirm(pending, DEADLINE_MS))
  publications.recover(somePending({ orderId }))
  publications.abandon()
  await setImmediate()
  assert.equal(publications.count, 0)
  await real.close()
})

test('an acked event is settled however often the store fails, and confirmed only then', async () => {
  const { publications, pending, orderId, clock, real } = await setUp(acked, (store) => ({
    settle: failing(3, (...args) => store.settle(...args)),
  }))
  const confirmation = publications.confirm(pending, DEADLINE_MS)
  await clock.runUntil(() => publications.count === 0)
  assert.deepEqual(await confirmation, { kind: 'settled', position: { partition: 0, offset: 0 } })
  assert.equal((await real.findOrder(orderId))?.version, 1)
  await real.close()
})

test('an acked event that cannot be settled in time is answered "unknown", and settled later', async () => {
  const { publications, pending, orderId, clock, real } = await setUp(acked, (store) => ({
    settle: failing(100, (...args) => store.settle(...args)),
  }))
  const refusal = refusalOf(publications.confirm(pending, DEADLINE_MS))
  await clock.runUntil(() => publications.count === 0)
  assert.deepEqual(await refusal, { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  assert.equal((await real.findOrder(orderId))?.version, 1)
  await real.close()
})

test('a refused event that cannot be discarded is answered "unknown", and discarded later', async () => {
  const { publications, pending, clock, real } = await setUp(refused, (store) => ({
    discard: failing(3, (discarded) => store.discard(discarded)),
  }))
  const refusal = await refusalOf(publications.confirm(pending, DEADLINE_MS))
  assert.deepEqual(refusal, { code: 'STORE_UNAVAILABLE', outcome: 'unknown' })
  await clock.runUntil(() => publications.count === 0)
  assert.deepEqual(await real.listPending(10), [])
  await real.close()
})

test('no answer comes later than shortly after the deadline, whatever hangs', async () => {
  const { publications, pending, clock, real } = await setUp(acked, () => ({
    reserve: () => new Promise(() => {}),
  }))
  const refusal = refusalOf(publications.confirm(pending, DEADLINE_MS))
  clock.advance(DEADLINE_MS + 250)
  assert.deepEqual(await refusal, { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  await real.close()
})

test('closing ends the retries and leaves the event to the next start', async () => {
  let isTried = false
  const { publications, pending, orderId, clock, real } = await setUp(acked, () => ({
    settle() {
      isTried = true
      return Promise.reject(new StoreError('disk full', 'no'))
    },
  }))
  const refusal = refusalOf(publications.confirm(pending, DEADLINE_MS))
  const end = publications.find(orderId)?.waitForEnd(clock, Infinity)
  await clock.runUntil(() => isTried)
  publications.close()
  await clock.runUntil(() => publications.count === 0)
  assert.equal(await end, 'abandoned')
  assert.deepEqual(await refusal, { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  assert.equal((await real.listPending(10)).length, 1)
  await real.close()
})

test('a change that ends by a bug keeps its order closed, and the bytes of its event go', async () => {
  const { publications, publisher, pending } = await setUp(acked, () => ({}))
  publisher.publish = () => Promise.reject(new TypeError('a bug'))
  await assert.rejects(publications.confirm(pending, DEADLINE_MS), { message: 'a bug' })
  assert.deepEqual([publications.count, publications.bytes], [1, 0])
  assert.equal(publications.inDoubtCount, 1)
})

test('bytes are counted of the events whose callers wait, and not of those in doubt', async () => {
  const { publications, publisher, pending } = await setUp(acked, () => ({}))
  const resolution = Promise.withResolvers<Exclude<PublishOutcome, { kind: 'in-doubt' }>>()
  publisher.publish = () =>
    Promise.resolve({ kind: 'in-doubt', resolution: resolution.promise } as PublishOutcome)
  const confirmed = publications.confirm(pending, DEADLINE_MS)
  assert.equal(publications.bytes, pending.encoded.value.byteLength)
  await assert.rejects(confirmed, { outcome: 'unknown' })
  assert.deepEqual([publications.count, publications.bytes], [1, 0])
  resolution.resolve({ kind: 'acked', position: { partition: 0, offset: 0 } })
  await until(() => publications.count === 0, 'the change is settled')
  assert.equal(publications.bytes, 0)
})
