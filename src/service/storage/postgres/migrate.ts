import { type AppliedMigration, listMissing, type Migration } from '../migrations.ts'
import type { Query } from './connection.ts'

/** Any number that no other program uses in this database; the take-over has the one before. */
const MIGRATION_LOCK = 7_267_102

/**
 * Brings the schema up to date, all missing migrations in the transaction of `query`. Instances that
 * start at once wait for each other, and the later ones find nothing left to do: who may not create
 * tables can start, too.
 * Rejects with a StoreError for a database that this version must not touch.
 */
export async function migrate(
  query: Query,
  database: string,
  migrations: readonly Migration[],
): Promise<void> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)' }, [MIGRATION_LOCK])
  if (!(await hasMigrationsTable(query))) await createMigrationsTable(query)
  const applied = await listApplied(query)
  for (const migration of listMissing(database, applied, migrations)) {
    await query({ text: migration.sql })
    await insertApplied(query, migration)
  }
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
        applied_at timestamptz NOT NULL
      )`,
  })
}

function listApplied(query: Query): Promise<readonly AppliedMigration[]> {
  return query<AppliedMigration>({
    text: 'SELECT number, name, checksum FROM schema_migrations ORDER BY number',
  })
}

async function insertApplied(query: Query, { number, name, checksum }: Migration): Promise<void> {
  await query(
    {
      text: `
        INSERT INTO schema_migrations (number, name, checksum, applied_at)
        VALUES ($1, $2, $3, clock_timestamp())`,
    },
    [number, name, checksum],
  )
}
