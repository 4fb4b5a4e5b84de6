import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublishOutcome } from '../../../../src/business/ports.ts'
import {
  createBatch,
  putInDoubt,
  resolveDefinite,
  takeBatch,
  type LaneEntry,
} from '../../../../src/service/kafka/lane-batch.ts'
import { somePending } from '../../../support/some-event.ts'

function entry(valueBytes = 100, resolve: (outcome: PublishOutcome) => void = () => {}): LaneEntry {
  return { pending: somePending({ valueBytes }), deadlineMs: 0, resolve, doubt: undefined }
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

test('what may have left counts as sent and is looked up first', () => {
  const fresh = createBatch('t', [entry()], 'new', new Date())
  const doubtful = createBatch('t', [entry()], 'may-have-left', new Date())
  assert.deepEqual([fresh.requestsSent, fresh.mustLookUp], [0, false])
  assert.deepEqual([doubtful.requestsSent, doubtful.mustLookUp], [1, true])
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
