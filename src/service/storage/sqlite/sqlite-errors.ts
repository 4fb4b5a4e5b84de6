import assert from 'node:assert/strict'

import { StoreError } from '../../../business/ports.ts'
import type { Failure } from '../operation.ts'

interface ErrorRow {
  /** Ends the sentence "The database … cannot be used: ". */
  readonly reason: string
  /** Whether the transaction may stand although its COMMIT threw this. */
  readonly isAppliedAtCommit: 'no' | 'unknown'
  /** Whether only a new connection can be trusted to work again. */
  readonly mustReopen: boolean
}

/**
 * Primary result codes of SQLite (sqlite.org/rescode.html) that mean "the store cannot do its work
 * now". Every other code is our mistake in one statement. A code that SQLite rolls the transaction
 * back for, by itself or at our ROLLBACK, leaves nothing behind before COMMIT. At COMMIT the full
 * disk is found out while the frames are written, so their commit mark is missing; after an I/O
 * error (a failed fsync) it may be there.
 */
const SQLITE_ERRORS: ReadonlyMap<number, ErrorRow> = new Map<number, ErrorRow>([
  [3, { reason: 'access is denied', isAppliedAtCommit: 'unknown', mustReopen: true }], // PERM
  [5, { reason: 'another process is writing', isAppliedAtCommit: 'no', mustReopen: false }], // BUSY
  [7, { reason: 'memory has run out', isAppliedAtCommit: 'unknown', mustReopen: true }], // NOMEM
  [8, { reason: 'it is read-only', isAppliedAtCommit: 'no', mustReopen: true }], // READONLY
  [10, { reason: 'the disk reports an error', isAppliedAtCommit: 'unknown', mustReopen: true }], // IOERR
  [11, { reason: 'the file is damaged', isAppliedAtCommit: 'unknown', mustReopen: true }], // CORRUPT
  [13, { reason: 'the disk is full', isAppliedAtCommit: 'no', mustReopen: false }], // FULL
  [14, { reason: 'the file cannot be opened', isAppliedAtCommit: 'unknown', mustReopen: true }], // CANTOPEN
  [15, { reason: 'its locks do not work', isAppliedAtCommit: 'unknown', mustReopen: true }], // PROTOCOL
  [26, { reason: 'the file is not a database', isAppliedAtCommit: 'unknown', mustReopen: true }], // NOTADB
])

/** For a code that is not in the table and that no operation can be blamed for. */
const UNFORESEEN: ErrorRow = {
  reason: 'it fails in a way that was not foreseen',
  isAppliedAtCommit: 'unknown',
  mustReopen: true,
}

/** Where it was thrown: opening and BEGIN, one operation, or COMMIT. */
export type Phase = 'begin' | 'operation' | 'commit'

export interface TranslatedFailure extends Failure {
  readonly mustReopen: boolean
}

/** Undefined when the error is not the store's state but our mistake in one operation. */
export function translateSqliteError(
  path: string,
  error: unknown,
  phase: Phase,
): TranslatedFailure | undefined {
  if (error instanceof StoreError) {
    return { kind: 'failed', message: error.message, isApplied: error.isApplied, mustReopen: false }
  }
  const row = SQLITE_ERRORS.get(primaryCode(error)) ?? UNFORESEEN
  if (row === UNFORESEEN && phase === 'operation') return undefined
  const cause = error instanceof Error ? error.message : String(error)
  return {
    kind: 'failed',
    message: `The database ${path} cannot be used: ${row.reason} (${cause})`,
    isApplied: phase === 'commit' ? row.isAppliedAtCommit : 'no',
    mustReopen: row.mustReopen,
  }
}

/** For the opening, where every error is the store's state. */
export function toStoreError(path: string, error: unknown): StoreError {
  const failure = translateSqliteError(path, error, 'begin')
  assert.ok(failure)
  return new StoreError(failure.message, failure.isApplied, error)
}

/** The low byte of the extended code; 0, which is no error's, for what SQLite did not throw. */
function primaryCode(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error)) return 0
  return typeof error.errcode === 'number' ? error.errcode & 0xff : 0
}
