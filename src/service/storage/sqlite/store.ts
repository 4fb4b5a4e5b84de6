import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'

import type {
  OrderStore,
  ReserveResult,
  SchemaIdStore,
  SettledOrder,
} from '../../../business/ports.ts'
import type { EventPosition, PendingEvent } from '../../../models/order-event.ts'
import type { OrderId } from '../../../models/order.ts'
import { type BatchRunner, createInlineRunner } from './batch-runner.ts'
import { createConnector, MEMORY_PATH } from './connection.ts'
import { SqliteEngine } from './engine.ts'
import { OperationQueue } from './operation-queue.ts'
import { assertCount, toEventKey, toEventRow, toPendingEvent, toSettledOrder } from './order-row.ts'
import { acquireProcessLock } from './process-lock.ts'
import { WorkerRunner } from './worker-runner.ts'

export interface SqliteStoreOptions {
  /** A file, made with its directory when missing, or `:memory:`. */
  readonly path: string
}

/**
 * Orders, events and schema ids in one SQLite file that this process alone owns.
 * Rejects with a StoreError, one sentence for an operator, when the file cannot be opened or written,
 * belongs to another process or was written by a newer version.
 */
export async function openSqliteStore(
  options: SqliteStoreOptions,
): Promise<OrderStore & SchemaIdStore> {
  const store = createStore(options)
  try {
    await store.probe()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

function createStore({ path }: SqliteStoreOptions): SqliteStore {
  if (path === MEMORY_PATH) {
    const engine = new SqliteEngine(createConnector({ path }))
    return new SqliteStore(createInlineRunner(engine))
  }
  const file = findRealPath(path)
  const lock = acquireProcessLock(file)
  return new SqliteStore(new WorkerRunner({ path: file }), lock)
}

/** One file has one lock, by whatever link it is reached. */
function findRealPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path)
}

/** Turns calls into operations, and their values back. Closes the runner, then lifts the lock. */
export class SqliteStore implements OrderStore, SchemaIdStore {
  readonly #runner: BatchRunner
  readonly #queue: OperationQueue
  readonly #lock: Disposable | undefined
  #closing: Promise<void> | undefined

  constructor(runner: BatchRunner, lock?: Disposable) {
    this.#runner = runner
    this.#queue = new OperationQueue(runner)
    this.#lock = lock
  }

  async findOrder(orderId: OrderId): Promise<SettledOrder | undefined> {
    const row = await this.#queue.submit({ kind: 'find-order', orderId })
    return row && toSettledOrder(row)
  }

  async reserve(pending: PendingEvent): Promise<ReserveResult> {
    return this.#queue.submit({ kind: 'reserve', row: toEventRow(pending) })
  }

  async settle(pending: PendingEvent, position: EventPosition): Promise<boolean> {
    const { partition, offset } = position
    assertCount(partition, 'partition')
    assertCount(offset, 'offset')
    return this.#queue.submit({
      kind: 'settle',
      key: toEventKey(pending),
      position: { partition, offset },
    })
  }

  async discard(pending: PendingEvent): Promise<boolean> {
    return this.#queue.submit({ kind: 'discard', key: toEventKey(pending) })
  }

  async listPending(limit: number): Promise<readonly PendingEvent[]> {
    assertCount(limit, 'limit')
    const rows = await this.#queue.submit({ kind: 'list-pending', limit })
    return rows.map(toPendingEvent)
  }

  async probe(): Promise<void> {
    await this.#queue.submit({ kind: 'probe' })
  }

  async findSchemaId(subject: string, fingerprint: string): Promise<number | undefined> {
    return this.#queue.submit({ kind: 'find-schema-id', subject, fingerprint })
  }

  async saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void> {
    assertCount(schemaId, 'schemaId')
    await this.#queue.submit({ kind: 'save-schema-id', subject, fingerprint, schemaId })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#queue.close()
    await this.#runner.close()
    this.#lock?.[Symbol.dispose]()
  }
}
