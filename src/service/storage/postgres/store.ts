import { BatchedStore } from '../batched-store.ts'
import { readMigrations } from '../migrations.ts'
import type { StoreWatchDeps } from '../store-watch.ts'
import { Connection, type ConnectionOptions, type Timeouts } from './connection.ts'
import { PostgresEngine } from './engine.ts'
import { migrate } from './migrate.ts'

export interface PostgresStoreOptions extends Omit<ConnectionOptions, 'timeouts'> {
  /** How long a lease lasts, by the database's clock. */
  readonly leaseMs: number
  readonly watch?: StoreWatchDeps
}

/** A database that is silent for longer is given up, whatever the lease is. */
const ANSWER_TIMEOUT_MS = 3_000
/** The server's own end of a statement comes so much earlier. */
const STATEMENT_PART = 2 / 3
/** So much of a lease may be spent on waiting for one answer: there is time to ask again. */
const LEASE_PART = 1 / 4

/** For what is done once, and is not waited for by a request. */
const MIGRATION_TIMEOUT_MS = 60_000

/**
 * Orders, events and schema ids in a database that several instances share.
 * Rejects with a StoreError, one sentence for an operator, when the server cannot be reached, must not
 * be used, or the database was written by a newer version.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<BatchedStore> {
  const { leaseMs, watch } = options
  await migrateDatabase(options)
  const connect = (): PostgresEngine =>
    new PostgresEngine(new Connection({ ...options, timeouts: timeoutsFor(leaseMs) }))
  return BatchedStore.open({
    runner: connect(),
    reader: connect(),
    leaseMs,
    ...(watch && { watch }),
  })
}

async function migrateDatabase(options: PostgresStoreOptions): Promise<void> {
  const answerMs = MIGRATION_TIMEOUT_MS
  const timeouts = { connectMs: ANSWER_TIMEOUT_MS, answerMs, statementMs: answerMs }
  const connection = new Connection({ ...options, timeouts })
  try {
    await connection.transaction((query) =>
      migrate(query, options.database, readMigrations('postgres')),
    )
  } finally {
    await connection.close()
  }
}

function timeoutsFor(leaseMs: number): Timeouts {
  const answerMs = Math.floor(Math.min(ANSWER_TIMEOUT_MS, leaseMs * LEASE_PART))
  return { connectMs: answerMs, answerMs, statementMs: Math.floor(answerMs * STATEMENT_PART) }
}
