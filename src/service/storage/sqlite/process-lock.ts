import { closeSync, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { StoreError } from '../../../business/ports.ts'
import { assertWritable } from './connection.ts'
import { toStoreError } from './sqlite-errors.ts'

const SQLITE_BUSY = 5

/**
 * Orders are nobody's business but the service's. SQLite gives the files that it makes beside the
 * database (-wal, -shm) the database's permissions. What exists keeps those that its operator gave it.
 */
const OWN_FILE = 0o600
const OWN_DIRECTORY = 0o700

/**
 * Makes this process the only owner of the database: who opens it takes over what is pending, and the
 * former owner must be gone by then. `path` is the file's one name, see {@link settleFile}.
 *
 * The lock is SQLite's own on a file beside the database, held by an open transaction, and the
 * operating system lifts it when the process dies, however it dies. It is not on the database
 * itself, so that the sqlite3 shell and the audit can read. The file stays behind: a deleted one
 * could be locked by one process while another makes it anew.
 * Throws a StoreError when another process, or this one, holds it.
 */
export function acquireProcessLock(path: string): Disposable {
  const lockPath = `${path}.lock`
  // On a read-only file SQLite would take a shared lock and say nothing.
  assertWritable(lockPath)
  let db: DatabaseSync | undefined
  try {
    if (!existsSync(lockPath)) closeSync(openSync(lockPath, 'a', OWN_FILE))
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

/**
 * The one name of the database file, by whatever name it is reached. Makes it, with its directory,
 * where it is missing: a link whose target does not exist yet has no other name than its own, and its
 * target would have another one a moment later.
 * Throws a StoreError, also for a file with hard links: SQLite keeps the log and the locks under
 * the name that it was opened by, so under two names it would be damaged.
 */
export function settleFile(path: string): string {
  createDirectory(path)
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'a', OWN_FILE))
    const file = realpathSync(path)
    const stats = statSync(file)
    if (stats.isFile() && stats.nlink > 1) {
      throw new StoreError(
        `The database ${path} cannot be used: the file has ${stats.nlink} names (hard links), and two ` +
          `services could own it: remove all but one`,
        'no',
      )
    }
    return file
  } catch (error) {
    if (error instanceof StoreError) throw error
    const cause = (error as Error).message
    throw new StoreError(
      `The database ${path} cannot be used: the file cannot be opened (${cause})`,
      'no',
      error,
    )
  }
}

function createDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWN_DIRECTORY })
  } catch (error) {
    const cause = (error as Error).message
    throw new StoreError(`The directory of the database ${path} cannot be made: ${cause}`, 'no')
  }
}
