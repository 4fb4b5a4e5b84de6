import type { Client } from 'pg'

import { StoreError } from '../../../business/ports.ts'
import { LIFT_TRANSACTION_TIMEOUT } from './session-settings.ts'

const VERSION_MIN = 140_000

/**
 * An entry of an index has at most a third of a block. The largest is a customer id, a date and an order
 * id, each id of 255 characters of four bytes.
 */
const BLOCK_BYTES_MIN = 8_192

/** How long an abandoned session may take to end before the next one is given up, too. */
const END_TIMEOUT_MS = 1_000

/** With these the name of a file of the write-ahead log begins. */
const TIMELINE_DIGITS = 8

/**
 * PgBouncer and its like drop the settings that a session begins with, or give each transaction another
 * session. Time-outs and planner settings would then be another client's, and so would the session that is
 * ended because it was given up.
 */
export const BEHIND_A_POOL =
  'a pool stands before it and changes its sessions: give the service the address of PostgreSQL itself, which needs two connections for each instance'

/** Names one session of one server, also after its process id was used again. */
export interface Session {
  readonly pid: number
  readonly startedAt: string
  /** Counts the servers that were promoted, one after the other: another one after a fail-over. */
  readonly timeline: string
}

interface Facts extends Session {
  readonly version: number
  readonly isReadOnly: boolean
  readonly isDurable: boolean
  readonly encoding: string
  readonly blockBytes: number
  readonly statementMs: number
}

/**
 * Makes a new connection fit for us, or throws a StoreError that says why the server is not.
 *
 * A commit is only answered when it is on disk: `synchronous_commit = off`, which any configuration
 * file may set, is switched on for our session; `local`, `remote_write` and `remote_apply` are on
 * disk here and are the operator's choice.
 *
 * Every statement reaches its rows by an index. A plan is prepared once and kept while the tables
 * grow from nothing, so the planner must not find that reading a whole table is cheap.
 */
export async function beginSession(
  client: Client,
  {
    database,
    mustBeDurable,
    statementMs,
  }: {
    readonly database: string
    readonly mustBeDurable: boolean
    /** What the connection asked for. */
    readonly statementMs: number
  },
): Promise<Session> {
  const { rows } = await client.query<Facts>(`
    SELECT pid,
           backend_start::text AS "startedAt",
           current_setting('server_version_num')::integer AS version,
           pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'
             AS "isReadOnly",
           current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
             AS "isDurable",
           current_setting('server_encoding') AS encoding,
           current_setting('block_size')::integer AS "blockBytes",
           CASE WHEN NOT pg_is_in_recovery()
             THEN left(pg_walfile_name(pg_current_wal_lsn()), ${TIMELINE_DIGITS})
           END AS timeline,
           (SELECT setting::integer FROM pg_settings WHERE name = 'statement_timeout')
             AS "statementMs",
           ${LIFT_TRANSACTION_TIMEOUT},
           CASE current_setting('synchronous_commit')
             WHEN 'off' THEN set_config('synchronous_commit', 'on', FALSE)
           END,
           set_config('enable_seqscan', 'off', FALSE),
           set_config('enable_hashjoin', 'off', FALSE),
           set_config('enable_mergejoin', 'off', FALSE)
    FROM pg_stat_activity
    WHERE pid = pg_backend_pid()`)
  const facts = rows[0]
  if (facts === undefined) throw new StoreError(`The database ${database} hides our session`, 'no')
  const later = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const isPooled = later.rows[0]?.pid !== facts.pid || facts.statementMs !== statementMs
  const problem = isPooled ? BEHIND_A_POOL : findProblem(facts, mustBeDurable)
  if (problem !== undefined) {
    throw new StoreError(`The database ${database} cannot be used: ${problem}`, 'no')
  }
  return { pid: facts.pid, startedAt: facts.startedAt, timeline: facts.timeline }
}

function findProblem(facts: Facts, mustBeDurable: boolean): string | undefined {
  if (facts.version < VERSION_MIN) return 'it is older than PostgreSQL 14'
  if (facts.isReadOnly) return 'it is a standby or read-only, and does not take writes'
  if (facts.encoding !== 'UTF8') {
    return (
      `its encoding is ${facts.encoding}, which cannot hold every order: give the service a database ` +
      `that was made with ENCODING 'UTF8'`
    )
  }
  if (facts.blockBytes < BLOCK_BYTES_MIN) {
    return (
      `its blocks have ${facts.blockBytes} bytes, and the longest order id needs ${BLOCK_BYTES_MIN} ` +
      'in an index: use a server that was built with the usual block size'
    )
  }
  if (!facts.isDurable && mustBeDurable) {
    return (
      'with fsync or full_page_writes off it loses what it has confirmed when its machine fails ' +
      '(DATABASE_REQUIRE_DURABILITY=false accepts that)'
    )
  }
  return undefined
}

/**
 * Ends a session that was given up, and waits until it has ended. Otherwise a statement that nobody
 * waits for any more could take effect after the next one has found that it did not.
 * Throws a StoreError when it does not end.
 */
export async function endSession(client: Client, { pid, startedAt }: Session): Promise<void> {
  const { rows } = await client.query<{ hasEnded: boolean }>(
    `SELECT pg_terminate_backend(pid, $3) AS "hasEnded"
     FROM pg_stat_activity
     WHERE pid = $1 AND backend_start = $2::timestamptz`,
    [pid, startedAt, END_TIMEOUT_MS],
  )
  if (rows[0]?.hasEnded === false) {
    throw new StoreError(
      'An earlier statement of this instance has not ended in the database',
      'no',
    )
  }
}
