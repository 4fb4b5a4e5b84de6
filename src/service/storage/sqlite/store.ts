import { BatchedStore } from '../batched-store.ts'
import {
  assertNoneMissing,
  readMigrations,
  type Migration,
  type MigrationMode,
} from '../migrations.ts'
import type { StoreWatchDeps } from '../store-watch.ts'
import { createConnector, MEMORY_PATH } from './connection.ts'
import { SqliteEngine } from './engine.ts'
import { createInlineRunner } from './inline-runner.ts'
import { findMissing } from './migrate.ts'
import { acquireProcessLock, settleFile } from './process-lock.ts'
import { WorkerRunner } from './worker-runner.ts'

export interface SqliteStoreOptions {
  /** A file, made with its directory when missing, or `:memory:`. */
  readonly path: string
  readonly migrationMode?: MigrationMode
  readonly watch?: StoreWatchDeps
  /** How long a read for a request may wait for its turn. */
  readonly readWaitMs?: number
  /** The maximum number of items of an order that this instance creates. */
  readonly maxItemsPerOrder?: number
}

/** Not used here: an instance is taken over from when the next one opens the file, and not before. */
const LEASE_MS = 0

/**
 * Orders, events and schema ids in one SQLite file that this process alone owns.
 * Rejects with a StoreError, one sentence for an operator, when the file cannot be opened or written,
 * belongs to another process or is not one that this version can serve.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<BatchedStore> {
  const { path, migrationMode = 'auto', watch, readWaitMs, maxItemsPerOrder } = options
  const common = {
    leaseMs: LEASE_MS,
    ...(watch && { watch }),
    ...(readWaitMs !== undefined && { readWaitMs }),
    ...(maxItemsPerOrder !== undefined && { maxItemsPerOrder }),
  }
  if (path === MEMORY_PATH) {
    const runner = createInlineRunner(new SqliteEngine(createConnector({ path })))
    return BatchedStore.open({ runner, ...common })
  }
  if (migrationMode === 'check') assertNoneMissing(path, migrateFile(path, 'check'))
  const file = settleFile(path)
  const lock = acquireProcessLock(file)
  const runner = new WorkerRunner({ path: file })
  const reader = new WorkerRunner({ path: file })
  return BatchedStore.open({ runner, reader, lock, ...common })
}

/**
 * Applies what is missing, or only looks for it; returns what was missing. Throws a StoreError, as
 * above; a file that belongs to a process can be looked at.
 */
export function migrateFile(path: string, mode: MigrationMode): readonly Migration[] {
  const missing = findMissing(path, readMigrations('sqlite'))
  if (mode === 'check' || missing.length === 0) return missing
  const file = settleFile(path)
  using _lock = acquireProcessLock(file)
  createConnector({ path: file }).connect().db.close()
  return missing
}
