import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

import { StoreError } from '../../../business/ports.ts'

const MIGRATIONS = new URL('../../../../migrations/sqlite/', import.meta.url)
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/

export interface Migration {
  /** From 1, without gaps. */
  readonly number: number
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text, hex: a migration that was applied is never edited. */
  readonly checksum: string
}

export function readMigrations(): readonly Migration[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => FILE_NAME.test(name))
    .toSorted()
    .map((name) => {
      const sql = readFileSync(new URL(name, MIGRATIONS), 'utf8')
      const checksum = createHash('sha256').update(sql).digest('hex')
      return { number: Number(FILE_NAME.exec(name)?.[1]), name, sql, checksum }
    })
}

/**
 * Brings the schema up to date, all missing migrations in one transaction. BEGIN IMMEDIATE is the
 * lock: a second process waits for it, and then finds nothing left to do.
 * Throws a StoreError for a database that this version must not touch.
 */
export function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    createMigrationsTable(db)
    const applied = listApplied(db)
    refuseForeignHistory(path, applied, migrations)
    for (const migration of migrations.slice(applied.length)) {
      db.exec(migration.sql)
      insertApplied(db, migration)
    }
    db.exec('COMMIT')
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK')
  }
}

interface AppliedMigration {
  readonly number: number
  readonly name: string
  readonly checksum: string
}

function refuseForeignHistory(
  path: string,
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): void {
  for (const [index, done] of applied.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      throw new StoreError(
        `The database ${path} was written by a newer version of CartService: it has migration ` +
          `${done.name}, this version knows ${migrations.length}. Start the newer version.`,
        'no',
      )
    }
    if (known.number !== done.number || known.checksum !== done.checksum) {
      throw new StoreError(
        `The database ${path} was made with another text of migration ${known.name} than this ` +
          `version has. Use the version that made it, or another file.`,
        'no',
      )
    }
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
