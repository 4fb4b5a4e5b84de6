import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

import { StoreError } from '../../business/ports.ts'

const MIGRATIONS = new URL('../../../migrations/', import.meta.url)
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/

/**
 * How every migration begins. One that expands takes nothing away from the versions of the service that
 * do not have it, which go on working beside it. One that contracts names the migration that a version
 * must have to do without what it takes away: it comes in a later release than that one.
 */
const KIND = /^-- (?:expand|contract (?<needs>\d{4}))\n/

/** `auto`: they are applied. `check`: they are only looked for. */
export type MigrationMode = 'auto' | 'check'

/** What a database remembers of a migration that it has. */
export interface AppliedMigration {
  /** From 1, without gaps. */
  readonly number: number
  readonly name: string
  /** SHA-256 of the text, hex: a migration that was applied is never edited. */
  readonly checksum: string
  /** A version of the service works with it that has the migration of this number. 0: every one. */
  readonly needs: number
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
    .map((name) => migrationOf(name, readFileSync(new URL(name, folder), 'utf8')))
}

/** Line ends do not count: a checkout or an archive may have converted them. */
export function migrationOf(name: string, text: string): Migration {
  const sql = text.replaceAll('\r\n', '\n')
  const kind = KIND.exec(sql)
  if (kind === null) throw new TypeError(`${name} does not say whether it expands or contracts`)
  const checksum = createHash('sha256').update(sql).digest('hex')
  const needs = Number(kind.groups?.['needs'] ?? 0)
  return { number: Number(FILE_NAME.exec(name)?.[1]), name, sql, checksum, needs }
}

/**
 * The migrations that a database does not have yet. It may have some that this version does not know,
 * as long as they leave to it what it works with: so versions work side by side, and back is a way.
 * Throws a StoreError for a database that this version cannot serve; `database` is how a person finds
 * it.
 */
export function listMissing(
  database: string,
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): readonly Migration[] {
  for (const [index, done] of applied.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      if (done.needs > migrations.length) throw tooOld(database, done.name, migrations.length)
    } else if (known.number !== done.number || known.checksum !== done.checksum) {
      throw new StoreError(
        `The database ${database} was made with another text of migration ${known.name} than this ` +
          `version has. Use the version that made it, or another database.`,
        'no',
      )
    }
  }
  return migrations.slice(applied.length)
}

/** `name`: of the migration that took away what this version works with, where that is known. */
export function tooOld(database: string, name: string, knownCount: number): StoreError {
  return new StoreError(
    `The database ${database} was changed for a newer version of CartService: its migration ${name} ` +
      `took away what this version works with, which knows ${knownCount}. Start a newer version.`,
    'no',
  )
}

/** With MIGRATIONS=check. Throws a StoreError where the database has not all of them. */
export function assertNoneMissing(database: string, missing: readonly Migration[]): void {
  if (missing.length === 0) return
  throw new StoreError(
    `The database ${database} lacks ${missing.map(({ name }) => name).join(', ')}, and ` +
      'MIGRATIONS=check leaves that to somebody else: run npx cart migrate first.',
    'no',
  )
}
