import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import type { Migration, MigrationMode } from '../../../src/service/storage/migrations.ts'
import { openPostgresStore } from '../../../src/service/storage/postgres/store.ts'
import type { TestSchema } from '../../support/postgres-schema.ts'

/** Longer than a test takes. */
const LEASE_MS = 600_000

export interface StoreSettings {
  readonly leaseMs?: number
  readonly mustBeDurable?: boolean
  readonly migrationMode?: MigrationMode
  readonly migrations?: readonly Migration[]
  /** Of the session, such as `lock_timeout`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** An instance on a schema, as the service opens it. */
export function openStore(schema: TestSchema, settings: StoreSettings = {}): Promise<BatchedStore> {
  const { leaseMs = LEASE_MS, mustBeDurable = true, parameters, ...migrations } = settings
  return openPostgresStore({
    url: schema.url(parameters),
    database: 'of the test',
    leaseMs,
    mustBeDurable,
    ...migrations,
  })
}

/** Whose leases have run out, by the database's clock: all that there are now. */
export async function endLeases(schema: TestSchema): Promise<void> {
  await schema.sql(`UPDATE instances SET lease_until = '-infinity'`)
}

/** Statements of services that wait for another transaction. */
export async function countWaiting(schema: TestSchema): Promise<number> {
  const [row] = await schema.sql<{ count: string }>(
    `SELECT count(*) FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND application_name = 'cart-service'`,
  )
  return Number(row?.count)
}
