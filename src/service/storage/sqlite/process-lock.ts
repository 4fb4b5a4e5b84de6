import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { StoreError } from '../../../business/ports.ts'
import { assertWritable } from './connection.ts'
import { toStoreError } from './sqlite-errors.ts'

const SQLITE_BUSY = 5

/**
 * Makes this process the only owner of the database, and its directory where it is missing: who opens
 * it takes over what is pending, and the former owner must be gone by then.
 *
 * The lock is SQLite's own on a file beside the database, held by an open transaction, and the
 * operating system lifts it when the process dies, however it dies. It is not on the database
 * itself, so that the sqlite3 shell and the audit can read. The file stays behind: a deleted one
 * could be locked by one process while another makes it anew.
 * Throws a StoreError when another process, or this one, holds it.
 */
export function acquireProcessLock(path: string): Disposable {
  const lockPath = `${path}.lock`
  createDirectory(path)
  // On a read-only file SQLite would take a shared lock and say nothing.
  assertWritable(lockPath)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(lockPath, { timeout: 0 })
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      throw new StoreError(
        `The database ${path} belongs to another running CartService: stop that one, or give ` +
          `this one another file`,
        'no',
        error,
      )
    }
    throw toStoreError(lockPath, error)
  }
  const lock = db
  return { [Symbol.dispose]: () => lock.close() }
}

function createDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    const cause = (error as Error).message
    throw new StoreError(`The directory of the database ${path} cannot be made: ${cause}`, 'no')
  }
}
