import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ModelDatabase, ModelStore, type CarryOut } from '../model/model-store.ts'
import { creationOf, FROM_ALL, newOrderId } from './order-store-events.ts'
import { describeOrderStore } from './order-store.contract.ts'
import { describeRetryKeys } from './retry-keys.contract.ts'

const LEASE_MS = 10_000

/** At once, as far as a promise can. */
const carryOut: CarryOut = async (_what, work) => work()

for (const isEmbedded of [false, true]) {
  const name = isEmbedded ? 'the model of an embedded database' : 'the model of a shared database'
  const createHarness = async () => {
    let nowMs = 0
    const database = new ModelDatabase({ nowMs: () => nowMs, leaseMs: LEASE_MS, isEmbedded })
    const open = async () => {
      // In a shared database, what others left is there to be taken once their leases ran out.
      if (!isEmbedded) nowMs += LEASE_MS + 1
      const store = new ModelStore(database, carryOut)
      await store.join()
      return store
    }
    return { open, openSuccessor: open, remove: () => Promise.resolve() }
  }
  describeOrderStore({ name, isDurable: true, isShared: !isEmbedded }, createHarness)
  describeRetryKeys(name, createHarness)
}

test('in the model, a lease that ran out a moment ago keeps off who waits for longer', async () => {
  let nowMs = 0
  const options = { nowMs: () => nowMs, leaseMs: LEASE_MS, isEmbedded: false }
  const database = new ModelDatabase(options)
  const [owner, other] = [new ModelStore(database, carryOut), new ModelStore(database, carryOut)]
  await owner.join()
  await other.join()
  const creation = creationOf(newOrderId())
  await owner.reserve(creation)
  nowMs += LEASE_MS + 1_000
  assert.equal(await other.handOver([]), 'kept')
  assert.deepEqual(await other.takeOverPending(1, { ...FROM_ALL, expiredForMs: 1_000 }), [])
  assert.deepEqual(await other.takeOverPending(1, { ...FROM_ALL, expiredForMs: 999 }), [creation])
})
