import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

import { StoreError } from '../../business/ports.ts'

const MIGRATIONS = new URL('../../../migrations/', import.meta.url)
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/

/** What a database remembers of a migration that it has. */
export interface AppliedMigration {
  /** From 1, without gaps. */
  readonly number: number
  readonly name: string
  /** SHA-256 of the text, hex: a migration that was applied is never edited. */
  readonly checksum: string
}

export interface Migration extends AppliedMigration {
  readonly sql: string
}

/** The numbered files of one kind of database, in their order. */
export function readMigrations(kind: 'sqlite' | 'postgres'): readonly Migration[] {
  const folder = new URL(`${kind}/`, MIGRATIONS)
  return readdirSync(folder)
    .filter((name) => FILE_NAME.test(name))
    .toSorted()
    .map((name) => {
      return migrationOf(name, readFileSync(new URL(name, folder), 'utf8'))
    })
}

/** Line ends do not count: a checkout or an archive may have converted them. */
export function migrationOf(name: string, text: string): Migration {
  const sql = text.replaceAll('\r\n', '\n')
  const checksum = createHash('sha256').update(sql).digest('hex')
  return { number: Number(FILE_NAME.exec(name)?.[1]), name, sql, checksum }
}

/**
 * The migrations that a database still needs. Throws a StoreError for a database that this version
 * must not touch; `database` is how a person finds it.
 */
export function listMissing(
  database: string,
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): readonly Migration[] {
  for (const [index, done] of applied.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      throw new StoreError(
        `The database ${database} was written by a newer version of CartService: it has migration ` +
          `${done.name}, this version knows ${migrations.length}. Start the newer version.`,
        'no',
      )
    }
    if (known.number !== done.number || known.checksum !== done.checksum) {
      throw new StoreError(
        `The database ${database} was made with another text of migration ${known.name} than this ` +
          `version has. Use the version that made it, or another database.`,
        'no',
      )
    }
  }
  return migrations.slice(applied.length)
}
