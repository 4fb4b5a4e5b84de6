import assert from 'node:assert/strict'

import type { Kind, Operation, OperationOf, OperationResult, Value } from '../operation.ts'
import { type Connection, type Connector, MEMORY_PATH, type Statements } from './connection.ts'
import { OPERATIONS } from './operations.ts'
import { type Phase, translateSqliteError } from './sqlite-errors.ts'

type Results = Map<Operation, OperationResult>

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
    this.#executeWrites(
      batch.filter((operation) => !isRead(operation)),
      results,
    )
    for (const read of batch.filter(isRead)) results.set(read, this.#read(read))
    return batch.map((operation) => results.get(operation) ?? assert.fail('has no result'))
  }

  close(): void {
    this.#connection?.db.close()
    this.#connection = undefined
  }

  #executeWrites(writes: readonly Operation[], results: Results): void {
    let remaining = writes
    // Ends, because every round but the last takes one operation out.
    while (remaining.length > 0) {
      const culprit = this.#transact(remaining, results)
      if (culprit === undefined) return
      remaining = remaining.filter((operation) => operation !== culprit)
    }
  }

  /** Returns the operation that spoiled the transaction, if one did. */
  #transact(writes: readonly Operation[], results: Results): Operation | undefined {
    let phase: Phase = 'begin'
    let current: Operation | undefined
    try {
      const { statements } = this.#connect()
      this.#connector.assertInPlace()
      statements.begin()
      phase = 'operation'
      for (current of writes) {
        results.set(current, { kind: 'value', value: carryOut(statements, current) })
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

  #read(operation: Operation): OperationResult {
    let phase: Phase = 'begin'
    try {
      const { statements } = this.#connect()
      phase = 'operation'
      return { kind: 'value', value: carryOut(statements, operation) }
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

function isRead({ kind }: Operation): boolean {
  return OPERATIONS[kind].isRead
}

function carryOut<K extends Kind>(
  statements: Statements,
  { kind, args }: OperationOf<K>,
): Value<K> {
  return OPERATIONS[kind].run(statements, ...args)
}
