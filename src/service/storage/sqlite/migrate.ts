import type { DatabaseSync } from 'node:sqlite'

import { type AppliedMigration, listMissing, type Migration } from '../migrations.ts'

/**
 * Brings the schema up to date, all missing migrations in one transaction. BEGIN IMMEDIATE is the
 * lock: a second process waits for it, and then finds nothing left to do.
 * Throws a StoreError for a database that this version must not touch.
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

function createMigrationsTable(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      number     INTEGER PRIMARY KEY,
      name       TEXT NOT NULL,
      checksum   TEXT NOT NULL,
      applied_at TEXT NOT NULL
    ) STRICT`)
}

function listApplied(db: DatabaseSync): readonly AppliedMigration[] {
  const rows = db.prepare('SELECT number, name, checksum FROM schema_migrations ORDER BY number')
  return rows.all() as unknown as AppliedMigration[]
}

function insertApplied(db: DatabaseSync, { number, name, checksum }: Migration): void {
  db.prepare(
    `INSERT INTO schema_migrations (number, name, checksum, applied_at)
     VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`,
  ).run(number, name, checksum)
}
