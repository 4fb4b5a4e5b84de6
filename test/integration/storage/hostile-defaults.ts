/** An administrator may set these for every session of a database, and no session of ours may show them. */
export const DATABASE_DEFAULTS = {
  bytea_output: 'escape',
  DateStyle: `'SQL, DMY'`,
  IntervalStyle: 'sql_standard',
  TimeZone: `'Asia/Kolkata'`,
  client_encoding: 'LATIN1',
  standard_conforming_strings: 'off',
  extra_float_digits: '-15',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  enable_indexscan: 'off',
  enable_bitmapscan: 'off',
  enable_tidscan: 'off',
  enable_nestloop: 'off',
  plan_cache_mode: 'force_generic_plan',
} as const

/** The same for every session of a role. These end statements and sessions. */
export const ROLE_DEFAULTS = {
  synchronous_commit: 'off',
  statement_timeout: '1',
  lock_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  idle_session_timeout: '1',
} as const
