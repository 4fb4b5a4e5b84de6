import { StoreError } from '../../../business/ports.ts'
import {
  type AppliedMigration,
  listMissing,
  type Migration,
  type MigrationMode,
} from '../migrations.ts'
import type { Query } from './connection.ts'

/** Any number that no other program uses in this database; the take-over has the one before. */
export const MIGRATION_LOCK = 7_267_102

/**
 * Changing a table waits for everybody who uses it, and everybody who comes later waits for that. So it
 * gives up early, and comes again.
 */
const LOCK_TIMEOUT_MS = 2_000

export interface MigrationOrder {
  /** How people find it. */
  readonly database: string
  readonly migrations: readonly Migration[]
  readonly mode: MigrationMode
}

/**
 * Brings the schema up to date, all missing migrations in the transaction of `query`; with `check`
 * changes nothing. Resolves with those that were missing. Instances that start at once wait for each
 * other, and the later ones find nothing left to do: who may not create tables can start, too.
 * Rejects with a StoreError for a database that this version cannot serve.
 */
export async function migrate(
  query: Query,
  { database, migrations, mode }: MigrationOrder,
): Promise<readonly Migration[]> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)' }, [MIGRATION_LOCK])
  const hasTable = await hasMigrationsTable(query)
  const missing = listMissing(database, hasTable ? await listApplied(query) : [], migrations)
  if (missing.length === 0 || mode === 'check') return missing
  await query({ text: `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}` })
  if (!hasTable) await createMigrationsTable(query)
  for (const migration of missing) {
    if (migration.needs > 0) await endOlderInstances(query, database, migration)
    await query({ text: migration.sql })
    await insertApplied(query, migration)
  }
  return missing
}

/**
 * What they work with is about to go. One whose lease has run out is gone, or finds that it is when it
 * comes back, and cannot join again: see `join`. Rejects with a StoreError while others live.
 */
async function endOlderInstances(
  query: Query,
  database: string,
  { name, needs }: Migration,
): Promise<void> {
  await query(
    { text: 'DELETE FROM instances WHERE knows < $1 AND lease_until < clock_timestamp()' },
    [needs],
  )
  const left = await query<{ readonly instanceId: string }>(
    { text: 'SELECT instance_id AS "instanceId" FROM instances WHERE knows < $1' },
    [needs],
  )
  if (left.length === 0) return
  throw new StoreError(
    `The database ${database} cannot get migration ${name}, which takes away what older versions work ` +
      `with, while ${left.length} of them run. Stop them first.`,
    'no',
  )
}

/** CREATE TABLE IF NOT EXISTS demands the right to create, also where the table is there. */
async function hasMigrationsTable(query: Query): Promise<boolean> {
  const rows = await query<{ readonly isThere: boolean }>({
    text: `SELECT to_regclass('schema_migrations') IS NOT NULL AS "isThere"`,
  })
  return rows[0]?.isThere === true
}

async function createMigrationsTable(query: Query): Promise<void> {
  await query({
    text: `
      CREATE TABLE schema_migrations (
        number     integer     PRIMARY KEY,
        name       text        NOT NULL,
        checksum   text        NOT NULL,
        needs      integer     NOT NULL,
        applied_at timestamptz NOT NULL
      )`,
  })
}

function listApplied(query: Query): Promise<readonly AppliedMigration[]> {
  return query<AppliedMigration>({
    text: 'SELECT * FROM schema_migrations ORDER BY number',
  })
}

async function insertApplied(query: Query, migration: Migration): Promise<void> {
  const { number, name, checksum, needs } = migration
  await query(
    {
      text: `
        INSERT INTO schema_migrations (number, name, checksum, needs, applied_at)
        VALUES ($1, $2, $3, $4, clock_timestamp())`,
    },
    [number, name, checksum, needs],
  )
}
