import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { StoreError } from '../../../../src/business/ports.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import type { BatchRunner } from '../../../../src/service/storage/batch-runner.ts'
import type { Operation, OperationResult } from '../../../../src/service/storage/operation.ts'
import { OperationQueue } from '../../../../src/service/storage/operation-queue.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** A store whose batches end when the test says so. */
function setUp(ordersMax?: () => number) {
  const clock = new ManualClock()
  const batches: Array<{ readonly batch: readonly Operation[]; readonly end: () => void }> = []
  const runner: BatchRunner = {
    run: (batch) =>
      new Promise((resolve) => {
        const results = batch.map((): OperationResult => ({ kind: 'value', value: true }))
        batches.push({ batch, end: () => resolve(results) })
      }),
    close: () => Promise.resolve(),
  }
  return { clock, batches, queue: new OperationQueue(runner, clock, ordersMax) }
}

test('what the store has not begun by its deadline is refused then, and never begins', async () => {
  const { clock, batches, queue } = setUp()
  const running = queue.submitBy(5_000, 'probe')
  await setImmediate()
  const late = assert.rejects(queue.submitBy(6_000, 'probe'), (error) => {
    assert.ok(error instanceof StoreError)
    assert.equal(error.isApplied, 'no')
    return true
  })
  const patient = queue.submit('probe')
  clock.advance(6_000)
  await late
  batches[0]?.end()
  assert.equal(await running, true)
  await setImmediate()
  assert.equal(batches[1]?.batch.length, 1)
  batches[1].end()
  assert.equal(await patient, true)
})

test('when all that waited is refused no batch is run, and the queue serves what comes then', async () => {
  const { clock, batches, queue } = setUp()
  const late = assert.rejects(queue.submitBy(1_000, 'probe'), StoreError)
  clock.advance(1_000)
  await late
  await setImmediate()
  assert.equal(batches.length, 0)
  const next = queue.submitBy(9_000, 'probe')
  await setImmediate()
  batches[0]?.end()
  assert.equal(await next, true)
})

test('so many whole orders are read in one batch, and what was asked after them comes in the next', async () => {
  const { batches, queue } = setUp(() => 2)
  const retryKey = { idempotencyKey: 'K-1', fingerprint: 'F' }
  const asked = [
    queue.submit('findOrder', 'ORD-1' as OrderId),
    queue.submit('probe'),
    queue.submit('findKeyedChange', retryKey),
    queue.submit('probe'),
    queue.submit('findOrder', 'ORD-2' as OrderId),
    queue.submit('probe'),
  ]
  for (const count of [4, 2]) {
    await setImmediate()
    await setImmediate()
    assert.equal(batches.at(-1)?.batch.length, count)
    batches.at(-1)?.end()
  }
  await Promise.all(asked)
  assert.equal(batches.length, 2)
})
