import { DatabaseError } from 'pg'

import { StoreError } from '../../../business/ports.ts'
import { describeTlsError, type TlsPeer } from '../../credentials/tls-errors.ts'
import { BEHIND_A_POOL } from './session.ts'

interface ErrorRow {
  /** Ends the sentence "The database … cannot be used: ". */
  readonly reason: string
  /** Whether it can be the last word of a session or a server, which may follow a commit. */
  readonly mayEndSession: boolean
}

/**
 * SQLSTATEs (postgresql.org/docs/current/errcodes-appendix.html), in full or their class of two
 * characters, that mean "the store cannot do its work now". Every other code that a statement is
 * answered with is our mistake in it.
 */
const POSTGRES_ERRORS: ReadonlyMap<string, ErrorRow> = new Map([
  ['08', { reason: 'the connection failed', mayEndSession: true }],
  // A prepared plan is out of date.
  ['0A000', { reason: 'its tables were changed while they were in use', mayEndSession: false }],
  // A standby, or default_transaction_read_only.
  ['25', { reason: 'it does not take writes', mayEndSession: false }],
  // What was prepared is gone.
  ['26', { reason: 'a pool stands before it and changes its sessions', mayEndSession: false }],
  ['28', { reason: 'it refuses the user or the password', mayEndSession: false }],
  ['3D', { reason: 'there is no such database', mayEndSession: false }],
  ['3F', { reason: 'there is no such schema', mayEndSession: false }],
  ['40', { reason: 'a transaction stood in the way of another one', mayEndSession: false }],
  ['42501', { reason: 'a permission is missing', mayEndSession: false }],
  // Of the settings of a session.
  ['42704', { reason: 'it is older than PostgreSQL 14', mayEndSession: false }],
  ['42P01', { reason: 'a table is missing', mayEndSession: false }],
  ['42P07', { reason: 'something in it is not ours', mayEndSession: false }],
  ['53', { reason: 'it has run out of disk, memory or connections', mayEndSession: true }],
  ['55', { reason: 'what is needed is locked', mayEndSession: false }],
  ['57014', { reason: 'it took too long', mayEndSession: false }],
  ['57', { reason: 'it is being shut down or started', mayEndSession: true }],
  ['58', { reason: 'its disk reports an error', mayEndSession: true }],
  ['F0', { reason: 'its configuration is damaged', mayEndSession: true }],
  ['XX', { reason: 'it reports damage or a failure of its own', mayEndSession: true }],
])

/** serialization_failure and deadlock_detected. */
const REPEATABLE: ReadonlySet<string> = new Set(['40001', '40P01'])

/** lock_not_available. */
const LOCKED: ReadonlySet<string> = new Set(['55P03'])

const UNREACHABLE: ErrorRow = { reason: 'it cannot be reached', mayEndSession: true }

const SILENT: ErrorRow = { reason: 'it does not answer', mayEndSession: true }

/** For a code that is not in the table, when no statement of ours can be blamed for it. */
const UNFORESEEN: ErrorRow = {
  reason: 'it fails in a way that was not foreseen',
  mayEndSession: true,
}

/**
 * `connecting`: nothing of ours was sent. `working`: a statement of a transaction whose COMMIT was
 * not sent. `committing`: a COMMIT, or a statement that is a transaction of its own.
 */
export type Phase = 'connecting' | 'working' | 'committing'

/** Undefined when the error is not the store's state but our mistake in the statement. */
export function translatePostgresError(
  database: string,
  error: unknown,
  phase: Phase,
): StoreError | undefined {
  if (error instanceof StoreError) return error
  const row = findRow(error, phase)
  if (row === undefined) return undefined
  const isApplied = phase === 'committing' && !isRolledBack(error, row) ? 'unknown' : 'no'
  const sentence = `The database ${database} cannot be used: ${row.reason} (${describe(error)})`
  return new StoreError(sentence, isApplied, error)
}

/** Rolled back in favour of another transaction, and not because of anything in it. */
export function isWorthRepeating(error: unknown): boolean {
  return isRefusedWith(error, REPEATABLE)
}

/** Rolled back because `lock_timeout` was over. */
export function isLockedNow(error: unknown): boolean {
  return isRefusedWith(error, LOCKED)
}

/** By class 28, "invalid authorization specification". */
export function isSignInRefused({ cause }: StoreError): boolean {
  return cause instanceof DatabaseError && cause.code?.startsWith('28') === true
}

function isRefusedWith(error: unknown, codes: ReadonlySet<string>): boolean {
  if (!(error instanceof StoreError) || error.isApplied === 'unknown') return false
  return error.cause instanceof DatabaseError && codes.has(error.cause.code ?? '')
}

/** PgBouncer's words for a setting that it does not pass on, under the code of a broken connection. */
const POOL_WORDS = /unsupported startup parameter/

function findRow(error: unknown, phase: Phase): ErrorRow | undefined {
  if (!(error instanceof DatabaseError)) return phase === 'connecting' ? UNREACHABLE : SILENT
  if (POOL_WORDS.test(error.message)) return { reason: BEHIND_A_POOL, mayEndSession: false }
  const { code = '' } = error
  const row = POSTGRES_ERRORS.get(code) ?? POSTGRES_ERRORS.get(code.slice(0, 2))
  return row ?? (phase === 'connecting' ? UNFORESEEN : undefined)
}

/**
 * With the severity ERROR the server says that it has rolled the transaction back. It says so in its
 * own language, so where it is another word the code decides.
 */
function isRolledBack(error: unknown, row: ErrorRow): boolean {
  if (error instanceof DatabaseError && error.severity === 'ERROR') return true
  return !row.mayEndSession
}

const PEER: TlsPeer = {
  name: 'the database',
  caSetting: 'sslrootcert',
  certificateSetting: 'sslcert',
  hasCertificate: true,
}

/** An attempt on several addresses has one error for each, and no message of its own. */
function describe(error: unknown): string {
  const access = describeTlsError(error, PEER)
  if (access !== undefined) return access
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  return errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ')
}
