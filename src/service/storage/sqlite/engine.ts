import assert from 'node:assert/strict'

import type { ReserveResult } from '../../../business/ports.ts'
import type { EventPosition } from '../../../models/order-event.ts'
import { type Connection, type Connector, MEMORY_PATH } from './connection.ts'
import {
  isRead,
  isWrite,
  type Operation,
  type OperationResult,
  type OperationValues,
  type ReadOperation,
  type WriteOperation,
} from './operation.ts'
import type { EventKey, EventRow } from './order-row.ts'
import type { OrderStatements } from './order-statements.ts'
import { type Phase, translateSqliteError } from './sqlite-errors.ts'

type Results = Map<Operation, OperationResult>

type Value = OperationValues[Operation['kind']]

/**
 * The synchronous store: one transaction for all writes of a batch, one fsync.
 *
 * A batch that throws is rolled back. When SQLite threw because it cannot work now, every write of
 * the batch failed. When one operation threw because of a mistake of ours, it alone gets the error
 * and the rest is run again without it, so that nothing half-done of it is committed; this costs
 * nothing as long as there are no mistakes, where a savepoint would cost every operation.
 * Reads run after the writes, outside their transaction, so they work while the disk is full.
 */
export class SqliteEngine {
  readonly #connector: Connector
  #connection: Connection | undefined

  constructor(connector: Connector) {
    this.#connector = connector
  }

  /** One result for each operation, in their order. Never throws. */
  execute(batch: readonly Operation[]): readonly OperationResult[] {
    const results: Results = new Map()
    this.#executeWrites(batch.filter(isWrite), results)
    for (const read of batch.filter(isRead)) results.set(read, this.#read(read))
    return batch.map((operation) => results.get(operation) ?? assert.fail('has no result'))
  }

  close(): void {
    this.#connection?.db.close()
    this.#connection = undefined
  }

  #executeWrites(writes: readonly WriteOperation[], results: Results): void {
    let remaining = writes
    // Ends, because every round but the last takes one operation out.
    while (remaining.length > 0) {
      const culprit = this.#transact(remaining, results)
      if (culprit === undefined) return
      remaining = remaining.filter((operation) => operation !== culprit)
    }
  }

  /** Returns the operation that spoiled the transaction, if one did. */
  #transact(writes: readonly WriteOperation[], results: Results): WriteOperation | undefined {
    let phase: Phase = 'begin'
    let current: WriteOperation | undefined
    try {
      const { statements } = this.#connect()
      this.#connector.assertInPlace()
      statements.begin()
      phase = 'operation'
      for (current of writes) {
        results.set(current, { kind: 'value', value: applyWrite(statements, current) })
      }
      phase = 'commit'
      statements.commit()
      return undefined
    } catch (error) {
      const result = this.#recover(error, phase)
      if (result.kind === 'bug' && current !== undefined) {
        results.set(current, result)
        return current
      }
      for (const operation of writes) results.set(operation, result)
      return undefined
    }
  }

  #read(operation: ReadOperation): OperationResult {
    let phase: Phase = 'begin'
    try {
      const { statements } = this.#connect()
      phase = 'operation'
      return { kind: 'value', value: applyRead(statements, operation) }
    } catch (error) {
      return this.#recover(error, phase)
    }
  }

  #connect(): Connection {
    this.#connection ??= this.#connector.connect()
    return this.#connection
  }

  /** Leaves no transaction open, and no connection that cannot be trusted. */
  #recover(error: unknown, phase: Phase): OperationResult {
    const failure = translateSqliteError(this.#connector.path, error, phase)
    const isRolledBack = this.#rollBack()
    const mustReopen = failure?.mustReopen === true || !isRolledBack
    // A database in memory would be gone with its connection.
    if (mustReopen && this.#connector.path !== MEMORY_PATH) this.close()
    if (failure === undefined) return { kind: 'bug', error }
    return { kind: 'failed', message: failure.message, isApplied: failure.isApplied }
  }

  /** After some errors SQLite has rolled back already, and a ROLLBACK would throw. */
  #rollBack(): boolean {
    const db = this.#connection?.db
    try {
      if (db?.isTransaction === true) db.exec('ROLLBACK')
      return true
    } catch {
      return false
    }
  }
}

function applyWrite(statements: OrderStatements, operation: WriteOperation): Value {
  switch (operation.kind) {
    case 'reserve':
      return reserve(statements, operation.row)
    case 'settle':
      return settle(statements, operation.key, operation.position)
    case 'discard':
      return statements.deletePendingEvent(operation.key)
    case 'probe':
      statements.countProbe()
      return true
    case 'save-schema-id':
      statements.saveSchemaId(operation.subject, operation.fingerprint, operation.schemaId)
      return true
  }
}

function applyRead(statements: OrderStatements, operation: ReadOperation): Value {
  switch (operation.kind) {
    case 'find-order':
      return statements.findOrder(operation.orderId)
    case 'list-pending':
      return statements.listPending(operation.limit)
    case 'find-schema-id':
      return statements.findSchemaId(operation.subject, operation.fingerprint)
  }
}

function reserve(statements: OrderStatements, row: EventRow): ReserveResult {
  const { settledVersion, hasPendingEvent } = statements.findFacts(row.orderId)
  const isCreation = row.version === 1
  if (isCreation && settledVersion !== null) return 'order-exists'
  if (!isCreation && settledVersion === null) return 'order-missing'
  if (hasPendingEvent) return 'event-pending'
  if (!isCreation && settledVersion !== row.version - 1) return 'version-moved'
  statements.insertEvent(row)
  return 'reserved'
}

function settle(statements: OrderStatements, key: EventKey, position: EventPosition): boolean {
  if (!statements.settleEvent(key, position)) return false
  assert.ok(statements.moveOrder(key), `order does not stand before version ${key.version}`)
  return true
}
