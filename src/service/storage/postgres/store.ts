import { setTimeout } from 'node:timers/promises'

import { BatchedStore } from '../batched-store.ts'
import {
  assertNoneMissing,
  readMigrations,
  type Migration,
  type MigrationMode,
} from '../migrations.ts'
import type { StoreWatchDeps } from '../store-watch.ts'
import { Connection, type ConnectionOptions, type Timeouts } from './connection.ts'
import { PostgresEngine } from './engine.ts'
import { migrate } from './migrate.ts'
import { isLockedNow } from './postgres-errors.ts'
import { ServerChange } from './server-change.ts'

export interface DatabaseOptions extends Omit<ConnectionOptions, 'timeouts' | 'admitServer'> {
  readonly migrationMode?: MigrationMode
  /** Those of this version by default. */
  readonly migrations?: readonly Migration[]
}

export interface PostgresStoreOptions extends DatabaseOptions {
  /** How long a lease lasts, by the database's clock. */
  readonly leaseMs: number
  readonly watch?: StoreWatchDeps
  /** How long a read for a request may wait for its turn. */
  readonly readWaitMs?: number
  /** The maximum number of items of an order that this instance creates. */
  readonly maxItemsPerOrder?: number
  /** Another server than before answers. Resolves when it may be used; without it every one may. */
  readonly onServerChange?: (isFirst: boolean) => Promise<void>
}

/** A database that is silent for longer is given up, whatever the lease is. */
const ANSWER_TIMEOUT_MS = 3_000
/** The server's own end of a statement comes so much earlier. */
const STATEMENT_PART = 2 / 3
/** So much of a lease may be spent on waiting for one answer: there is time to ask again. */
const LEASE_PART = 1 / 4

/** For what is done once, and is not waited for by a request. */
const MIGRATION_TIMEOUT_MS = 60_000

/** A try for a lock that somebody holds takes two seconds, in which everybody waits; so does a pause. */
const LOCK_TRIES_MAX = 15
const LOCK_PAUSE_MS = 2_000

/**
 * Orders, events and schema ids in a database that several instances share.
 * Rejects with a StoreError, one sentence for an operator, when the server cannot be reached, must not
 * be used, or the database is not one that this version can serve.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<BatchedStore> {
  const { leaseMs, watch, readWaitMs, maxItemsPerOrder, database, onServerChange } = options
  const missing = await migrateDatabase(options)
  if (options.migrationMode === 'check') assertNoneMissing(database, missing)
  // One for both connections.
  const change = onServerChange && new ServerChange({ database, onServerChange })
  const connect = (keepsPlans: boolean): PostgresEngine =>
    new PostgresEngine(
      new Connection({
        ...options,
        timeouts: timeoutsFor(leaseMs),
        keepsPlans,
        ...(change && { admitServer: (session) => change.admit(session) }),
      }),
    )
  return BatchedStore.open({
    runner: connect(true),
    reader: connect(false),
    leaseMs,
    ...(watch && { watch }),
    ...(readWaitMs !== undefined && { readWaitMs }),
    ...(maxItemsPerOrder !== undefined && { maxItemsPerOrder }),
  })
}

/**
 * Applies what is missing, or only looks for it; resolves with what was missing. Rejects with a
 * StoreError, as above, and where an older version that still runs would lose what it works with.
 */
export async function migrateDatabase(options: DatabaseOptions): Promise<readonly Migration[]> {
  const {
    database,
    migrationMode: mode = 'auto',
    migrations = readMigrations('postgres'),
  } = options
  const answerMs = MIGRATION_TIMEOUT_MS
  const timeouts = { connectMs: ANSWER_TIMEOUT_MS, answerMs, statementMs: answerMs }
  const connection = new Connection({ ...options, timeouts })
  const order = { database, migrations, mode }
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        return await connection.transaction((query) => migrate(query, order))
      } catch (error) {
        if (tries === LOCK_TRIES_MAX || !isLockedNow(error)) throw error
      }
      await setTimeout(LOCK_PAUSE_MS)
    }
  } finally {
    await connection.close()
  }
}

function timeoutsFor(leaseMs: number): Timeouts {
  const answerMs = Math.floor(Math.min(ANSWER_TIMEOUT_MS, leaseMs * LEASE_PART))
  return { connectMs: answerMs, answerMs, statementMs: Math.floor(answerMs * STATEMENT_PART) }
}
