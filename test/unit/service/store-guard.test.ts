import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  describeLag,
  StoreBehindError,
  StoreGuard,
  type Lag,
  type StoreGuardDeps,
} from '../../../src/service/store-guard.ts'

const LAG: Lag = {
  partition: 1,
  count: 3,
  first: {
    eventId: 'event-1',
    orderId: 'ORD-1',
    version: 2,
    time: '2026-11-23T08:00:00.000Z',
    traceparent: undefined,
    principal: undefined,
    offset: 7,
  },
}

function guardOf(
  findLag: StoreGuardDeps['findLag'],
  { accepts = false, isAway = false } = {},
): { guard: StoreGuard; accepted: string[]; refused: Error[] } {
  const accepted: string[] = []
  const refused: Error[] = []
  const guard = new StoreGuard({
    countPartitions: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(2)),
    latestOffsets: async () => new Map([[1, 5]]),
    findLag,
    describeLag: (lag) => describeLag(lag, 'orders', 'of the test'),
    onAccepted: accepts ? (sentence) => accepted.push(sentence) : undefined,
    onRefused: (error) => refused.push(error),
  })
  return { guard, accepted, refused }
}

const SENTENCE =
  'The store (of the test) lacks events of topic orders: version 2 of order ORD-1 at 1@7 and 2 more'

test('a start on a store that is behind is refused, and says what to do', async () => {
  const { guard, refused } = guardOf(async (partition) => (partition === 1 ? LAG : undefined))
  await assert.rejects(guard.passReadable(), (error) => {
    assert.ok(error instanceof StoreBehindError)
    assert.ok(error.message.startsWith(`${SENTENCE}. Run`), error.message)
    assert.match(error.message, /cart rebuild.*STORE_BEHIND_TOPIC=accept/)
    return true
  })
  assert.deepEqual(refused, [])
})

test('a partition that cannot be read holds up no start, and is compared when its lane opens', async () => {
  let isReadable = false
  const compared: number[] = []
  const { guard, refused } = guardOf(async (partition) => {
    compared.push(partition)
    if (!isReadable) throw new Error('no leader')
    return LAG
  })
  await guard.passReadable()
  await assert.rejects(guard.pass(1), /no leader/)
  assert.deepEqual(refused, [])
  isReadable = true
  await assert.rejects(guard.pass(1), StoreBehindError)
  assert.equal(refused.length, 1)
  assert.deepEqual(compared, [0, 1, 1, 1])
})

test('a partition is compared once, also by lanes that open at the same time', async () => {
  let count = 0
  const { guard } = guardOf(async () => {
    count += 1
    return undefined
  })
  await Promise.all([guard.pass(0), guard.pass(0)])
  await guard.passReadable()
  await guard.pass(0)
  assert.equal(count, 2)
})

test('a store that is behind and accepted is told once for each partition', async () => {
  const { guard, accepted } = guardOf(async () => LAG, { accepts: true })
  await guard.passReadable()
  await guard.pass(0)
  assert.deepEqual(accepted, [SENTENCE, SENTENCE])
})

test('where the store ends is asked once, and again when another store may answer', async () => {
  const seen: Array<number | undefined> = []
  const { guard } = guardOf(async (_partition, settledOffset) => {
    seen.push(settledOffset)
    return undefined
  })
  await guard.passReadable()
  assert.deepEqual(seen.splice(0), [undefined, 5])
  await guard.passAll()
  assert.deepEqual(seen, [undefined, 5])
})

test('a start without Kafka compares nothing', async () => {
  const { guard } = guardOf(() => assert.fail('nobody can be asked'), { isAway: true })
  await guard.passReadable()
})
