import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

import { StoreError } from '../../../business/ports.ts'
import { readMigrations } from '../migrations.ts'
import { migrate } from './migrate.ts'
import { type OrderStatements, prepareOrderStatements } from './order-statements.ts'
import { prepareQueryStatements, type QueryStatements } from './query-statements.ts'

export const MEMORY_PATH = ':memory:'

/**
 * How long a statement waits for another process (the sqlite3 shell, a backup) that writes. Well
 * below the publish time-out, so that the caller gets the definite "no" and not "unknown".
 */
const BUSY_TIMEOUT_MS = 2_000

/**
 * A commit writes each page that it touches, whole, so small pages write less: an order touches pages of
 * ten tables and indexes. Smaller ones than these make an order of many items many pages. Fewer
 * checkpoints, one for 8 MB of pages, because each writes a page once, however often it was committed.
 */
const PRAGMAS = [
  'page_size = 2048',
  'journal_mode = WAL',
  'synchronous = FULL',
  'wal_autocheckpoint = 4000',
] as const

export type Statements = OrderStatements & QueryStatements

export interface Connection {
  readonly db: DatabaseSync
  readonly statements: Statements
}

export interface ConnectorOptions {
  /** An absolute file path or {@link MEMORY_PATH}. */
  readonly path: string
  readonly busyTimeoutMs?: number
}

/** Opens one database, again when it must be. */
export interface Connector {
  readonly path: string
  /** Opens and migrates. Throws a StoreError, or what SQLite throws. */
  connect(): Connection
  /** Throws a StoreError when the path does not lead to the opened file any more. */
  assertInPlace(): void
}

export function createConnector(options: ConnectorOptions): Connector {
  const { path, busyTimeoutMs = BUSY_TIMEOUT_MS } = options
  let opened: Stats | undefined

  /**
   * SQLite goes on writing to a file that was deleted or moved away, and a new connection would
   * begin an empty one: either way what is committed would be lost.
   */
  function assertInPlace(): void {
    if (opened === undefined) return
    const current = statSync(path, { throwIfNoEntry: false })
    if (current?.ino === opened.ino && current.dev === opened.dev) return
    throw new StoreError(
      `The database ${path} was moved, deleted or replaced while it was open: put it back, or ` +
        `restart the service to use what is there now`,
      'no',
    )
  }

  function connect(): Connection {
    assertInPlace()
    if (path !== MEMORY_PATH) assertWritable(path)
    const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
    try {
      for (const pragma of PRAGMAS) db.exec(`PRAGMA ${pragma}`)
      migrate(db, path, readMigrations('sqlite'))
      if (path !== MEMORY_PATH) opened ??= statSync(path)
      return { db, statements: { ...prepareOrderStatements(db), ...prepareQueryStatements(db) } }
    } catch (error) {
      db.close()
      throw error
    }
  }

  return { path, connect, assertInPlace }
}

/**
 * SQLite would open it all the same, and give the files that it makes beside it the permissions of
 * the database: they would still be read-only when the database is not any more.
 * Throws a StoreError.
 */
export function assertWritable(path: string): void {
  if (!existsSync(path)) return
  try {
    accessSync(path, constants.W_OK)
  } catch (error) {
    const cause = (error as Error).message
    throw new StoreError(`The database ${path} cannot be used: it is read-only (${cause})`, 'no')
  }
}
