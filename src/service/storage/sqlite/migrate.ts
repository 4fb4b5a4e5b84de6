import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

import { type AppliedMigration, listMissing, type Migration } from '../migrations.ts'

/**
 * Brings the schema up to date, all missing migrations in one transaction. BEGIN IMMEDIATE is the
 * lock: a second process waits for it, and then finds nothing left to do.
 * Throws a StoreError for a database that this version cannot serve.
 */
export function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    createMigrationsTable(db)
    for (const migration of listMissing(path, listApplied(db), migrations)) {
      db.exec(migration.sql)
      insertApplied(db, migration)
    }
    db.exec('COMMIT')
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK')
  }
}

/** Those that a file lacks; never writes. Throws as {@link migrate} does. */
export function findMissing(path: string, migrations: readonly Migration[]): readonly Migration[] {
  if (!existsSync(path)) return migrations
  using db = new DatabaseSync(path, { readOnly: true })
  const hasTable = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").get()
  return hasTable === undefined ? migrations : listMissing(path, listApplied(db), migrations)
}

function createMigrationsTable(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      number     INTEGER PRIMARY KEY,
      name       TEXT NOT NULL,
      checksum   TEXT NOT NULL,
      needs      INTEGER NOT NULL,
      applied_at TEXT NOT NULL
    ) STRICT`)
}

function listApplied(db: DatabaseSync): readonly AppliedMigration[] {
  const rows = db.prepare('SELECT * FROM schema_migrations ORDER BY number')
  return rows.all() as unknown as AppliedMigration[]
}

function insertApplied(db: DatabaseSync, migration: Migration): void {
  const { number, name, checksum, needs } = migration
  db.prepare(
    `INSERT INTO schema_migrations (number, name, checksum, needs, applied_at)
     VALUES (?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`,
  ).run(number, name, checksum, needs)
}
