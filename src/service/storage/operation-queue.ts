import { setImmediate } from 'node:timers/promises'

import { StoreError } from '../../business/ports.ts'
import type { BatchRunner } from './batch-runner.ts'
import type {
  Arguments,
  Kind,
  Operation,
  OperationOf,
  OperationResult,
  Value,
} from './operation.ts'

/** Bounds how long a transaction holds the database, and how much one fsync may lose. */
const BATCH_OPERATIONS_MAX = 512
/** Far above what the gate lets in at once; a bound for our own mistakes. */
const WAITING_OPERATIONS_MAX = 50_000

interface Waiting {
  readonly operation: Operation
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * Group commit: what arrives while a transaction runs goes into the next one, so that a commit's
 * fsync is shared by all who wait for it. One batch is under way at a time, so operations of
 * different batches take effect in the order of their calls.
 */
export class OperationQueue {
  readonly #runner: BatchRunner
  #waiting: Waiting[] = []
  #draining: Promise<void> | undefined
  #isClosed = false

  constructor(runner: BatchRunner) {
    this.#runner = runner
  }

  submit<K extends Kind>(kind: K, ...args: Arguments<K>): Promise<Value<K>> {
    return new Promise<Value<K>>((resolve, reject) => {
      if (this.#isClosed) throw new StoreError('The store is closed', 'no')
      if (this.#waiting.length >= WAITING_OPERATIONS_MAX) {
        throw new StoreError('Too many operations wait for the store', 'no')
      }
      const operation: OperationOf<K> = { kind, args }
      this.#waiting.push({ operation: operation as unknown as Operation, resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Refuses what comes from now on, and waits for what came before. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#draining
  }

  async #drain(): Promise<void> {
    do {
      // One turn of the event loop, so that all requests it brings in share the batch.
      await setImmediate()
      const batch = this.#waiting.splice(0, BATCH_OPERATIONS_MAX)
      const results = await this.#runner.run(batch.map(({ operation }) => operation))
      batch.forEach((waiting, index) => settleCall(waiting, results[index]))
    } while (this.#waiting.length > 0)
    this.#draining = undefined
  }
}

function settleCall(waiting: Waiting, result: OperationResult | undefined): void {
  switch (result?.kind) {
    case 'value':
      return waiting.resolve(result.value)
    case 'failed':
      return waiting.reject(new StoreError(result.message, result.isApplied))
    case 'bug':
      return waiting.reject(result.error)
    case undefined:
      return waiting.reject(new Error('The store did not answer an operation'))
  }
}
