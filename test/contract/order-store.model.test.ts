import { ModelDatabase, ModelStore, type CarryOut } from '../model/model-store.ts'
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
  describeOrderStore({ name, isDurable: true }, createHarness)
  describeRetryKeys(name, createHarness)
}
