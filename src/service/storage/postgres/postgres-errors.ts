import { DatabaseError } from 'pg'

import { StoreError } from '../../../business/ports.ts'

/**
 * SQLSTATEs (postgresql.org/docs/current/errcodes-appendix.html), in full or their class of two
 * characters, that mean "the store cannot do its work now". Each ends the sentence "The database …
 * cannot be used: ". Every other code that a statement is answered with is our mistake in it.
 */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['08', 'the connection failed'],
  ['0A000', 'its tables were changed while they were in use'], // a prepared plan is out of date
  ['25', 'it does not take writes'], // a standby, or default_transaction_read_only
  ['26', 'a statement is gone from its session: it may not be pooled'],
  ['28', 'it refuses the user or the password'],
  ['3D', 'there is no such database'],
  ['3F', 'there is no such schema'],
  ['40', 'it ended a transaction that stood in the way of another one'],
  ['42501', 'a permission is missing'],
  ['42P01', 'a table is missing'],
  ['53', 'it has run out of disk, memory or connections'],
  ['55', 'what is needed is locked'],
  ['57014', 'it took too long'],
  ['57', 'it is being shut down or started'],
  ['58', 'its disk reports an error'],
  ['F0', 'its configuration is damaged'],
  ['XX', 'it reports damage or a failure of its own'],
])

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
  const cause = error instanceof Error ? describe(error) : String(error)
  const reason = findReason(error)
  if (reason === undefined && isAnswer(error) && phase !== 'connecting') return undefined
  // What ends the session, without a word or with a FATAL one, may follow a commit.
  const isApplied = phase === 'committing' && !isAnswer(error) ? 'unknown' : 'no'
  const sentence = `The database ${database} cannot be used: ${reason ?? UNFORESEEN} (${cause})`
  return new StoreError(sentence, isApplied, error)
}

const UNFORESEEN = 'it fails in a way that was not foreseen'

/** An ERROR says that the transaction was rolled back, and leaves the session. */
function isAnswer(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR'
}

function findReason(error: unknown): string | undefined {
  if (!(error instanceof DatabaseError)) return 'it does not answer'
  const { code = '' } = error
  return REASONS.get(code) ?? REASONS.get(code.slice(0, 2))
}

/** An attempt on several addresses has one error for each, and no message. */
function describe(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message
  return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ')
}
