import { BatchedStore } from '../../src/service/storage/batched-store.ts'
import { createConnector } from '../../src/service/storage/sqlite/connection.ts'
import { SqliteEngine } from '../../src/service/storage/sqlite/engine.ts'
import { createInlineRunner } from '../../src/service/storage/sqlite/inline-runner.ts'
import { describeOrderReader } from './order-reader.contract.ts'
import { describeOrderStore, type StoreHarness } from './order-store.contract.ts'
import { describeRetryKeys } from './retry-keys.contract.ts'
import { describeSettledFeed } from './settled-feed.contract.ts'

async function createHarness(): Promise<StoreHarness<BatchedStore>> {
  const runner = createInlineRunner(new SqliteEngine(createConnector({ path: ':memory:' })))
  // A database in memory ends with its connection, which outlives each single store here.
  const shared = { ...runner, close: async () => {} }
  const open = () => BatchedStore.open({ runner: shared, leaseMs: 0 })
  return { open, openSuccessor: open, remove: () => runner.close() }
}

describeOrderStore({ name: 'SQLite in memory', isDurable: false, isShared: false }, createHarness)

describeOrderReader('SQLite in memory', createHarness)

describeRetryKeys('SQLite in memory', createHarness)

describeSettledFeed('SQLite in memory', createHarness)
