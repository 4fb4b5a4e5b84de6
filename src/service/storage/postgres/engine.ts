import assert, { AssertionError } from 'node:assert/strict'

import { StoreError } from '../../../business/ports.ts'
import type { BatchRunner } from '../batch-runner.ts'
import type { Operation, OperationResult, OperationValues } from '../operation.ts'
import type { Connection } from './connection.ts'
import { handOver, join, leave, renewLease, takeOver } from './instance-statements.ts'
import {
  countProbe,
  discard,
  forgetKeys,
  listPending,
  reserve,
  saveSchemaId,
  settle,
} from './order-statements.ts'
import {
  findEvent,
  findKeyedChange,
  findLastPlace,
  findOrders,
  findSchemaId,
  listEvents,
  listOrders,
  listSettled,
} from './query-statements.ts'
import { cutIntoGroups, type Group, type OperationOf, splitGroup } from './statement-groups.ts'

type Value = OperationValues[Operation['kind']]

/** Those that have a statement to themselves. */
type LoneOperation = Exclude<
  Operation,
  OperationOf<'reserve' | 'settle' | 'discard' | 'find-order'>
>

type Results = Map<Operation, OperationResult>

/**
 * Runs a batch as few statements, each for many operations and each a transaction of its own.
 *
 * When the database cannot do its work, every operation of the statement failed, and the rest of the
 * batch is refused without being sent: each statement might have to wait for its own time-out, and
 * nothing else is done meanwhile. When it was answered that the statement is our mistake, its operations
 * are run again one by one, so that the one to blame alone gets the error; this costs nothing as long
 * as there are no mistakes.
 */
export class PostgresEngine implements BatchRunner {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async run(batch: readonly Operation[]): Promise<readonly OperationResult[]> {
    const results: Results = new Map()
    const failure = await this.#runGroups(cutIntoGroups(batch), results)
    return batch.map((operation) => results.get(operation) ?? refuse(failure))
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** Ends at the first statement that the database cannot carry out, and returns why. */
  async #runGroups(groups: readonly Group[], results: Results): Promise<StoreError | undefined> {
    for (const group of groups) {
      const failure = await this.#runGroup(group, results)
      if (failure !== undefined) return failure
    }
    return undefined
  }

  async #runGroup(group: Group, results: Results): Promise<StoreError | undefined> {
    const operations: readonly Operation[] = group.operations
    try {
      const answers = await this.#carryOut(group)
      operations.forEach((operation, index) => results.set(operation, toResult(answers[index])))
      return undefined
    } catch (error) {
      if (error instanceof StoreError) {
        const { message, isApplied } = error
        for (const operation of operations) {
          results.set(operation, { kind: 'failed', message, isApplied })
        }
        return error
      }
      if (operations.length > 1) return this.#runGroups(splitGroup(group), results)
      for (const operation of operations) results.set(operation, { kind: 'bug', error })
      return undefined
    }
  }

  /** One answer for each operation. */
  async #carryOut(group: Group): Promise<readonly (Value | 'stray')[]> {
    const { query } = this.#connection
    switch (group.kind) {
      case 'reserve':
        return reserve(query, group.operations)
      case 'settle':
        return settle(query, group.operations)
      case 'discard':
        return discard(query, group.operations)
      case 'find-order':
        return findOrders(query, group.operations)
      case 'join':
      case 'renew-lease':
      case 'leave':
      case 'take-over':
      case 'hand-over':
      case 'probe':
      case 'save-schema-id':
      case 'forget-keys':
      case 'list-orders':
      case 'list-events':
      case 'find-event':
      case 'list-settled':
      case 'find-last-place':
      case 'find-keyed-change':
      case 'list-pending':
      case 'find-schema-id': {
        const [operation] = group.operations
        assert.ok(operation && group.operations.length === 1, `${group.kind} is carried out alone`)
        return [await this.#carryOutOne(operation)]
      }
    }
  }

  async #carryOutOne(operation: LoneOperation): Promise<Value> {
    const { query } = this.#connection
    switch (operation.kind) {
      case 'join':
        await join(query, operation.owner, operation.leaseMs)
        return true
      case 'renew-lease':
        return renewLease(query, operation.owner, operation.leaseMs)
      case 'leave':
        await leave(query, operation.owner)
        return true
      case 'take-over':
        return this.#connection.transaction((inTransaction) => takeOver(inTransaction, operation))
      case 'hand-over':
        return handOver(query, operation)
      case 'probe':
        await countProbe(query)
        return true
      case 'save-schema-id':
        await saveSchemaId(query, operation)
        return true
      case 'forget-keys':
        return forgetKeys(query, operation.ageMs, operation.limit)
      case 'list-orders':
        return listOrders(query, operation.query)
      case 'list-events':
        return listEvents(query, operation)
      case 'find-event':
        return findEvent(query, operation)
      case 'list-settled':
        return listSettled(query, operation)
      case 'find-last-place':
        return findLastPlace(query)
      case 'find-keyed-change':
        return findKeyedChange(query, operation.idempotencyKey)
      case 'list-pending':
        return listPending(query, operation.limit)
      case 'find-schema-id':
        return findSchemaId(query, operation)
    }
  }
}

function toResult(answer: Value | 'stray'): OperationResult {
  if (answer !== 'stray') return { kind: 'value', value: answer }
  const message = 'the order of an event to be settled does not stand at the version before'
  return { kind: 'bug', error: new AssertionError({ message }) }
}

/** For what was not sent. */
function refuse(failure: StoreError | undefined): OperationResult {
  assert.ok(failure, 'an operation has no result')
  return { kind: 'failed', message: failure.message, isApplied: 'no' }
}
