import assert, { AssertionError } from 'node:assert/strict'

import { StoreError } from '../../../business/ports.ts'
import type { BatchRunner } from '../batch-runner.ts'
import type { Kind, Operation, OperationResult, Value } from '../operation.ts'
import type { Connection } from './connection.ts'
import { OPERATIONS } from './operations.ts'
import { isWorthRepeating } from './postgres-errors.ts'
import { cutIntoGroups, type Group, type GroupOf, splitGroup } from './statement-groups.ts'

/** How often what is proven rolled back is asked for once more. */
const REPEATS_MAX = 2

type Results = Map<Operation, OperationResult>

type Answer = Value | 'stray'

/**
 * Runs a batch as few statements, each for many operations and each a transaction of its own.
 *
 * When the database cannot do its work, every operation of the statement failed, and the rest of the
 * batch is refused without being sent: each statement might have to wait for its own time-out, and
 * nothing else is done meanwhile. When it was answered that the statement is our mistake, its operations
 * are run again one by one, so that the one to blame alone gets the error; this costs nothing as long
 * as there are no mistakes. Operations that the database has rolled back for the sake of another
 * transaction are carried out once more.
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
        setAll(results, group, { kind: 'failed', message, isApplied })
        return error
      }
      if (operations.length > 1) return this.#runGroups(splitGroup(group), results)
      setAll(results, group, { kind: 'bug', error })
      return undefined
    }
  }

  /** One answer for each operation. */
  async #carryOut<K extends Kind>({ kind, operations }: GroupOf<K>): Promise<readonly Answer[]> {
    const calls = operations.map(({ args }) => args)
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await OPERATIONS[kind].run(this.#connection, calls)
      } catch (error) {
        if (repeats === REPEATS_MAX || !isWorthRepeating(error)) throw error
      }
    }
  }
}

function setAll(results: Results, { operations }: Group, result: OperationResult): void {
  for (const operation of operations) results.set(operation, result)
}

function toResult(answer: Answer): OperationResult {
  if (answer !== 'stray') return { kind: 'value', value: answer }
  const message = 'the order of an event to be settled does not stand at the version before'
  return { kind: 'bug', error: new AssertionError({ message }) }
}

/** For what was not sent. */
function refuse(failure: StoreError | undefined): OperationResult {
  assert.ok(failure, 'an operation has no result')
  return { kind: 'failed', message: failure.message, isApplied: 'no' }
}
