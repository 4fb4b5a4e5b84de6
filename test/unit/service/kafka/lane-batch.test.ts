import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublishOutcome } from '../../../../src/business/ports.ts'
import {
  createBatch,
  putInDoubt,
  resolveDefinite,
  takeBatch,
  takeRecovered,
  type LaneEntry,
} from '../../../../src/service/kafka/lane-batch.ts'
import { somePending } from '../../../support/some-event.ts'

function entry(valueBytes = 100, resolve: (outcome: PublishOutcome) => void = () => {}): LaneEntry {
  return { pending: somePending({ valueBytes }), deadlineMs: 0, resolve, doubt: undefined }
}

function entryOf(producerId: number): LaneEntry {
  const made = entry()
  return { ...made, pending: { ...made.pending, producer: { id: producerId, epoch: 0 } } }
}

const acked = { kind: 'acked', position: { partition: 0, offset: 7 } } as const

test('a batch is bounded by count, and takes from the front', () => {
  const queue = Array.from({ length: 1_200 }, () => entry())
  const [first] = queue
  const taken = takeBatch(queue, Infinity)
  assert.equal(taken.length, 500)
  assert.equal(taken[0], first)
  assert.equal(queue.length, 700)
})

test('a batch is bounded by bytes, so that a broker with default settings takes it', () => {
  const queue = Array.from({ length: 10 }, () => entry(300_000))
  assert.equal(takeBatch(queue, Infinity).length, 2)
})

test('an event larger than the bound goes alone instead of never', () => {
  const queue = [entry(2_000_000), entry()]
  assert.equal(takeBatch(queue, Infinity).length, 1)
  assert.equal(takeBatch(queue, Infinity).length, 1)
  assert.equal(takeBatch(queue, Infinity).length, 0)
})

test('what may have left counts as sent, is looked up first, and its ack is not believed', () => {
  const fresh = createBatch('t', [entry()], 'new', new Date())
  const doubtful = createBatch('t', [entry()], 'may-have-left', new Date())
  assert.deepEqual([fresh.requestsSent, fresh.mustLookUp, fresh.isContested], [0, false, false])
  assert.deepEqual([doubtful.requestsSent, doubtful.mustLookUp], [1, true])
  assert.equal(doubtful.isContested, true)
})

test('a record is dated as its event, what may have left by its sending, and nothing ahead of now', () => {
  const one = entry()
  const { event } = one.pending
  const time = Date.parse(event.time)
  const dateOf = (origin: 'new' | 'may-have-left', nowMs: number): unknown =>
    createBatch('t', [one], origin, new Date(nowMs)).records[0]?.timestamp
  assert.equal(dateOf('new', time + 5_000), BigInt(time))
  assert.equal(dateOf('may-have-left', time + 5_000), BigInt(time + 5_000))
  assert.equal(dateOf('new', time - 5_000), BigInt(time - 5_000))
})

test('what was stored with one producer goes together', () => {
  const queue = [1, 1, 2, 1].map(entryOf)
  assert.deepEqual(
    [1, 2, 3].map(() => takeRecovered(queue).length),
    [2, 1, 1],
  )
})

test('a definite outcome goes to the caller', async () => {
  const outcome = await new Promise<PublishOutcome>((resolve) => {
    resolveDefinite(entry(1, resolve), acked)
  })
  assert.deepEqual(outcome, acked)
})

test('after doubt the definite outcome goes to whoever took over', async () => {
  const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
  const one = entry(1, resolve)
  putInDoubt(one)
  putInDoubt(one)
  const outcome = await promise
  assert.equal(outcome.kind, 'in-doubt')
  resolveDefinite(one, acked)
  assert.deepEqual(outcome.kind === 'in-doubt' && (await outcome.resolution), acked)
})
