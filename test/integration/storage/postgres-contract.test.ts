import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { openPostgresStore } from '../../../src/service/storage/postgres/store.ts'
import { describeOrderReader } from '../../contract/order-reader.contract.ts'
import { describeOrderStore, type StoreHarness } from '../../contract/order-store.contract.ts'
import { describeRetryKeys } from '../../contract/retry-keys.contract.ts'
import { describeSettledFeed } from '../../contract/settled-feed.contract.ts'
import { createTestSchema } from '../../support/postgres-schema.ts'

/** Longer than any test takes: who is dead is said below, and not by the time. */
const LEASE_MS = 600_000

async function createHarness(): Promise<StoreHarness<BatchedStore>> {
  const schema = await createTestSchema()
  const options = { url: schema.url(), database: schema.name, mustBeDurable: true }
  let isOpened = false
  async function openSuccessor() {
    await schema.sql(`UPDATE instances SET lease_until = '-infinity'`)
    return openPostgresStore({ ...options, leaseMs: LEASE_MS })
  }
  return {
    async open() {
      if (isOpened) return openSuccessor()
      isOpened = true
      return openPostgresStore({ ...options, leaseMs: LEASE_MS })
    },
    openSuccessor,
    remove: () => schema.drop(),
  }
}

describeOrderStore({ name: 'PostgreSQL', isDurable: true, isShared: true }, createHarness)

describeOrderReader('PostgreSQL', createHarness)

describeRetryKeys('PostgreSQL', createHarness)

describeSettledFeed('PostgreSQL', createHarness)
