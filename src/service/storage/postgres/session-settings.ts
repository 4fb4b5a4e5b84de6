/**
 * The settings of a session of ours, whatever the administrator has set for the server, the database or
 * the role. They are given when a session begins, so they hold from the first statement, and come after
 * the options of the address. Here is all that decides what we read, what a statement means, or whether
 * it finds its rows by an index:
 *
 * - `bytea_output`: bytes are parsed from hex.
 * - `DateStyle`, `TimeZone`, `IntervalStyle`: a time goes to us and back as a text.
 * - `standard_conforming_strings`: how the texts of our statements are read.
 * - `extra_float_digits`: a number that is written in full comes back as it is.
 * - `default_transaction_isolation`: statements are written for read committed, where one that meets
 *   a row that has just changed looks at it again. The others end in an error there.
 * - `default_transaction_deferrable`: or a serializable read might wait, should one come.
 * - `lock_timeout`: a statement has one end, `statement_timeout`, and no earlier one.
 * - `idle_session_timeout`: a session is kept for the next change, however late that comes.
 * - `enable_…`, `plan_cache_mode`: `session.ts` switches off the plans that read a whole table; those
 *   that reach rows by an index are switched on here.
 *
 * The driver gives `client_encoding`, `statement_timeout` and `idle_in_transaction_session_timeout`
 * when a session begins. Not here: `default_transaction_read_only`, which an operator sets so that
 * nobody writes, `search_path`, which is a part of where the tables are, and `row_security`: policies
 * on our tables are the operator's own.
 */
const PINNED = {
  bytea_output: 'hex',
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  standard_conforming_strings: 'on',
  extra_float_digits: '1',
  default_transaction_isolation: String.raw`read\ committed`,
  default_transaction_deferrable: 'off',
  lock_timeout: '0',
  idle_session_timeout: '0',
  enable_indexscan: 'on',
  enable_bitmapscan: 'on',
  enable_tidscan: 'on',
  enable_nestloop: 'on',
} as const

/**
 * The address of a database with what every session has. `keepsPlans`: a prepared statement is planned
 * once. Where parameters are arrays the planner sees how long they are, and would plan anew for each short
 * one, which costs as much as to carry it out.
 */
export function pinSettings(url: string, keepsPlans: boolean): string {
  const pinned = new URL(url)
  const settings = { ...PINNED, plan_cache_mode: keepsPlans ? 'force_generic_plan' : 'auto' }
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const given = pinned.searchParams.get('options') ?? ''
  pinned.searchParams.set('options', [given, ...options].join(' ').trim())
  return pinned.href
}

/**
 * Lifts what would end a transaction of ours although nothing is wrong with it, where the server knows
 * it: from PostgreSQL 17 on. An older one would not begin a session with it. One value, to be selected.
 */
export const LIFT_TRANSACTION_TIMEOUT = `(
  SELECT set_config(name, '0', FALSE) FROM pg_settings WHERE name = 'transaction_timeout'
)`
