import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'

import { StoreError } from '../../../src/business/ports.ts'
import type { OrderId } from '../../../src/models/order.ts'
import { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import {
  WorkerRunner,
  type WorkerRunnerOptions,
} from '../../../src/service/storage/sqlite/worker-runner.ts'
import { creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { makeTempDirectory, type TempDirectory } from './temp-directory.ts'

const workerUrl = new URL('./fixtures/failing-worker.ts', import.meta.url)

describe('the storage thread', () => {
  let directory: TempDirectory

  beforeEach(() => {
    directory = makeTempDirectory()
  })

  afterEach(() => directory[Symbol.dispose]())

  function openStore(options: Partial<WorkerRunnerOptions> = {}): Promise<BatchedStore> {
    const runner = new WorkerRunner({
      path: directory.database,
      workerUrl,
      restartIntervalMs: 0,
      ...options,
    })
    return BatchedStore.open({ runner, leaseMs: 0 })
  }

  for (const [fault, reason] of [
    ['end', /has ended/],
    ['throw', /has failed: Error: out of order/],
  ] as const) {
    it(`leaves it unknown what was written when it dies (${fault}), and is started again`, async () => {
      const store = await openStore()
      const creation = creationOf(newOrderId())

      const reserving = store.reserve(creation)
      const fatal = store.findOrder(fault as OrderId)

      const expected = { name: 'StoreError', isApplied: 'unknown', message: reason }
      await Promise.all([assert.rejects(reserving, expected), assert.rejects(fatal, expected)])
      assert.deepEqual(await store.listPending(10), [creation])
      await store.probe()
      await store.close()
    })
  }

  it('is given up when it does not answer in time', async () => {
    const store = await openStore({ answerTimeoutMs: 2_000 })
    await assert.rejects(store.findOrder('hang' as OrderId), {
      name: 'StoreError',
      isApplied: 'unknown',
      message: /did not answer within 2000 ms/,
    })
    assert.equal(await store.reserve(creationOf(newOrderId())), 'reserved')
    await store.close()
  })

  it('is not started again at once, and calls are refused until it is', async () => {
    const store = await openStore({ restartIntervalMs: 60_000 })
    await assert.rejects(store.findOrder('end' as OrderId), { isApplied: 'unknown' })
    await assert.rejects(store.probe(), (error) => {
      assert.ok(error instanceof StoreError)
      assert.equal(error.isApplied, 'no')
      return true
    })
    await store.close()
  })

  it('that cannot be started keeps the store from opening', async () => {
    await assert.rejects(openStore({ workerUrl: new URL('./missing.ts', import.meta.url) }), {
      name: 'StoreError',
      message: /storage thread has failed/,
    })
  })
})
