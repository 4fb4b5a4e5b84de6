import { after, before, describe } from 'node:test'

import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { openImport } from '../../../src/service/storage/postgres/import-events.ts'
import { openRetirement } from '../../../src/service/storage/postgres/retire-orders.ts'
import { openPostgresStore } from '../../../src/service/storage/postgres/store.ts'
import { describeOrderErasure } from '../../contract/order-erasure.contract.ts'
import { describeOrderReader } from '../../contract/order-reader.contract.ts'
import {
  describeOrderRetirement,
  type RetirementHarness,
} from '../../contract/order-retirement.contract.ts'
import { describeOrderStore, type StoreHarness } from '../../contract/order-store.contract.ts'
import { describeRetryKeys } from '../../contract/retry-keys.contract.ts'
import { describeSettledFeed } from '../../contract/settled-feed.contract.ts'
import { describeStoreImport, type ImportHarness } from '../../contract/store-import.contract.ts'
import { startPostgresCluster } from '../../support/postgres-cluster.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres-database.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { DATABASE_DEFAULTS, ROLE_DEFAULTS } from './hostile-defaults.ts'

/** Longer than any test takes: who is dead is said below, and not by the time. */
const LEASE_MS = 600_000

function allowing(maxItemsPerOrder: number | undefined) {
  return maxItemsPerOrder === undefined ? {} : { maxItemsPerOrder }
}

async function createHarness(
  schema: TestSchema,
): Promise<StoreHarness<BatchedStore> & ImportHarness & RetirementHarness> {
  const options = { url: schema.url(), database: schema.name, mustBeDurable: true }
  let isOpened = false
  const endLeases = () => schema.sql(`UPDATE instances SET lease_until = '-infinity'`)
  async function openSuccessor(maxItemsPerOrder?: number) {
    await endLeases()
    return openPostgresStore({ ...options, leaseMs: LEASE_MS, ...allowing(maxItemsPerOrder) })
  }
  return {
    async open(maxItemsPerOrder?: number) {
      if (isOpened) return openSuccessor(maxItemsPerOrder)
      isOpened = true
      return openPostgresStore({ ...options, leaseMs: LEASE_MS, ...allowing(maxItemsPerOrder) })
    },
    openSuccessor,
    async openImport() {
      // One that leaves pending events behind keeps its lease.
      if (isOpened) await endLeases()
      return openImport(options)
    },
    openRetirement: () => openRetirement(options),
    remove: () => schema.drop(),
  }
}

function describeStore(name: string, createSchema: () => Promise<TestSchema>): void {
  const create = async () => createHarness(await createSchema())
  describeOrderStore({ name, isDurable: true, isShared: true }, create)
  describeOrderReader(name, create)
  describeRetryKeys(name, create)
  describeSettledFeed(name, create)
  describeStoreImport(name, create)
  describeOrderRetirement(name, create)
  describeOrderErasure(name, create)
}

// The feed of settled events waits for the transactions of the whole cluster, those of other tests among them.
const cluster = await startPostgresCluster()
after(() => cluster.close())

describeStore('PostgreSQL', () => createTestSchema(cluster.url))

describe('where the role and the database have defaults of their own', () => {
  let database: TestDatabase

  before(async () => {
    const defaults = { databaseDefaults: DATABASE_DEFAULTS, roleDefaults: ROLE_DEFAULTS }
    database = await createTestDatabase(defaults, cluster.url)
  })

  after(() => database[Symbol.asyncDispose]())

  describeStore('PostgreSQL with hostile defaults', () =>
    createTestSchema(database.url, database.role),
  )
})
