import process from 'node:process'

import { openPostgresStore } from '../src/service/storage/postgres/store.ts'
import { createTestSchema } from '../test/support/postgres-schema.ts'
import { loadStore } from './store-load.ts'

/**
 * Reserves and settles orders of 3 items on PostgreSQL, and prints what gets through and what it
 * costs this process; the server's part is its own.
 *
 *   CART_TEST_POSTGRES=postgres://superuser:password@host:port/postgres node bench/store-postgres.ts
 */
const PARALLEL = [1, 32, 256]
const WARM_UP_MS = 1_000
const MEASURE_MS = 4_000
const LEASE_MS = 60_000

console.log('| parallel | reserve + settle/s | CPU µs each |')
console.log('|---|---|---|')
for (const parallel of PARALLEL) {
  await using schema = await createTestSchema()
  const store = await openPostgresStore({
    url: schema.url(),
    database: schema.name,
    mustBeDurable: true,
    leaseMs: LEASE_MS,
  })
  await loadStore(store, parallel, WARM_UP_MS)
  const before = process.cpuUsage()
  const pairs = await loadStore(store, parallel, MEASURE_MS)
  const { user, system } = process.cpuUsage(before)
  await store.close()
  const perSecond = Math.round((pairs * 1_000) / MEASURE_MS)
  console.log(`| ${parallel} | ${perSecond} | ${Math.round((user + system) / pairs)} |`)
}
