import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { BatchedStore } from '../../src/service/storage/batched-store.ts'
import { openImport } from '../../src/service/storage/sqlite/import-events.ts'
import { openRetirement } from '../../src/service/storage/sqlite/retire-orders.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { WorkerRunner } from '../../src/service/storage/sqlite/worker-runner.ts'
import { describeOrderErasure } from './order-erasure.contract.ts'
import { describeOrderReader } from './order-reader.contract.ts'
import { describeOrderRetirement, type RetirementHarness } from './order-retirement.contract.ts'
import { describeOrderStore, type StoreHarness } from './order-store.contract.ts'
import { describeRetryKeys } from './retry-keys.contract.ts'
import { describeSettledFeed } from './settled-feed.contract.ts'
import { describeStoreImport, type ImportHarness } from './store-import.contract.ts'

async function createHarness(): Promise<
  StoreHarness<BatchedStore> & ImportHarness & RetirementHarness
> {
  const directory = await mkdtemp(join(tmpdir(), 'cart-store-'))
  const path = join(directory, 'cart.db')
  return {
    open: (maxItemsPerOrder?: number) =>
      openSqliteStore({ path, ...(maxItemsPerOrder && { maxItemsPerOrder }) }),
    // Without the lock, which no two processes hold: so that the former owner can be asked as well.
    openSuccessor: () => BatchedStore.open({ runner: new WorkerRunner({ path }), leaseMs: 0 }),
    openImport: () => openImport(path),
    openRetirement: () => openRetirement(path),
    remove: () => rm(directory, { recursive: true }),
  }
}

describeOrderStore({ name: 'a SQLite file', isDurable: true, isShared: false }, createHarness)

describeOrderReader('a SQLite file', createHarness)

describeRetryKeys('a SQLite file', createHarness)

describeSettledFeed('a SQLite file', createHarness)

describeStoreImport('a SQLite file', createHarness)

describeOrderRetirement('a SQLite file', createHarness)

describeOrderErasure('a SQLite file', createHarness)
