import assert from 'node:assert/strict'

import type { DiscardResult, SettleResult } from '../../../business/ports.ts'
import type { Operation, OperationResult, OperationValues } from '../operation.ts'
import type { EventRow } from '../order-row.ts'
import { type Connection, type Connector, MEMORY_PATH, type Statements } from './connection.ts'
import { type Phase, translateSqliteError } from './sqlite-errors.ts'

type Results = Map<Operation, OperationResult>

type Value = OperationValues[Operation['kind']]

/** What works on a full disk, too. A lease is among them: it is the file's lock that keeps it. */
const IS_READ = {
  join: false,
  'renew-lease': true,
  leave: false,
  reserve: false,
  settle: false,
  discard: false,
  'take-over': false,
  // There is no other instance that could take over.
  'hand-over': true,
  probe: false,
  'save-schema-id': false,
  'forget-keys': false,
  'find-order': true,
  'list-orders': true,
  'list-events': true,
  'find-event': true,
  'list-settled': true,
  'find-last-place': true,
  'find-keyed-change': true,
  'list-pending': true,
  'find-schema-id': true,
} as const satisfies Record<Operation['kind'], boolean>

type ReadKind = { [Kind in Operation['kind']]: (typeof IS_READ)[Kind] extends true ? Kind : never }

type ReadOperation = Extract<Operation, { kind: ReadKind[Operation['kind']] }>

type WriteOperation = Exclude<Operation, ReadOperation>

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

function isRead(operation: Operation): operation is ReadOperation {
  return IS_READ[operation.kind]
}

function isWrite(operation: Operation): operation is WriteOperation {
  return !IS_READ[operation.kind]
}

function applyWrite(statements: Statements, operation: WriteOperation): Value {
  switch (operation.kind) {
    case 'join':
      statements.saveInstance(operation.owner)
      return true
    case 'leave':
      // The next one that opens the file waits for nobody.
      return true
    case 'reserve':
      return reserve(statements, operation)
    case 'settle':
      return settle(statements, operation)
    case 'discard':
      return discard(statements, operation)
    case 'take-over':
      return takeOver(statements, operation)
    case 'probe':
      statements.countProbe()
      return true
    case 'forget-keys':
      return statements.forgetKeys(operation.ageMs, operation.limit)
    case 'save-schema-id':
      statements.saveSchemaId(operation.subject, operation.fingerprint, operation.schemaId)
      return true
  }
}

function applyRead(statements: Statements, operation: ReadOperation): Value {
  switch (operation.kind) {
    case 'renew-lease':
      return statements.isInstance(operation.owner)
    case 'hand-over':
      return 'kept'
    case 'find-order':
      return statements.findOrder(operation.orderId)
    case 'list-orders':
      return statements.listOrders(operation.query)
    case 'list-events':
      return statements.listEvents(operation.ofOrder, operation.afterVersion, operation.limit)
    case 'find-event':
      return statements.findEvent(operation.ofOrder, operation.version)
    case 'list-settled':
      return statements.listSettled(operation.after, operation.limit)
    case 'find-last-place':
      return statements.findLastPlace()
    case 'find-keyed-change':
      return statements.findKeyedChange(operation.idempotencyKey)
    case 'list-pending':
      return statements.listPending(operation.limit)
    case 'find-schema-id':
      return statements.findSchemaId(operation.subject, operation.fingerprint)
  }
}

type OperationOf<Kind> = Extract<Operation, { kind: Kind }>

function reserve(
  statements: Statements,
  { owner, row }: OperationOf<'reserve'>,
): OperationValues['reserve'] {
  if (!statements.isInstance(owner)) return 'taken-over-from'
  const { idempotencyKey } = row
  if (idempotencyKey !== null && statements.isKeyUsed(idempotencyKey)) return 'key-used'
  const { settledVersion, hasPendingEvent } = statements.findFacts(row.orderId)
  const isCreation = row.version === 1
  if (isCreation && settledVersion !== null) return 'order-exists'
  if (!isCreation && settledVersion === null) return 'order-missing'
  if (hasPendingEvent) return 'event-pending'
  if (!isCreation && settledVersion !== row.version - 1) return 'version-moved'
  statements.insertEvent(row, owner)
  return 'reserved'
}

function settle(
  statements: Statements,
  { owner, key, position }: OperationOf<'settle'>,
): SettleResult {
  if (!statements.settleEvent(key, owner, position)) {
    return statements.findPresence(key) === 'settled' ? 'settled-before' : 'not-owned'
  }
  assert.ok(statements.moveOrder(key), `order does not stand before version ${key.version}`)
  return 'settled'
}

function discard(statements: Statements, { owner, key }: OperationOf<'discard'>): DiscardResult {
  if (statements.deletePendingEvent(key, owner)) return 'discarded'
  return statements.findPresence(key) === 'absent' ? 'absent' : 'not-owned'
}

function takeOver(
  statements: Statements,
  { owner, limit, choice }: OperationOf<'take-over'>,
): readonly EventRow[] {
  if (!statements.isInstance(owner)) return []
  const left = statements.listOwnedByOthers(owner, choice.exceptPartitions, limit)
  for (const row of left) statements.changeOwner(row, owner)
  return left
}
