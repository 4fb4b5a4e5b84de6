import { setImmediate } from 'node:timers/promises'

import { EarliestDeadline } from '../../business/earliest-deadline.ts'
import { StoreError, type Clock } from '../../business/ports.ts'
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

const READS_WHOLE_ORDER: ReadonlySet<Kind> = new Set(['findOrder', 'findKeyedChange'])

/** Far above what is let in at once; a bound for our own mistakes. */
const WAITING_OPERATIONS_MAX = 50_000

interface Waiting {
  readonly operation: Operation
  /** Monotonic. */
  readonly beginByMs: number
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
  readonly #clock: Clock | undefined
  readonly #deadlines: EarliestDeadline | undefined
  readonly #ordersMax: () => number
  #waiting: Waiting[] = []
  #draining: Promise<void> | undefined
  #isClosed = false

  /**
   * Without a clock nothing is too late. At most `ordersMax` whole orders are read in one batch: all answers of a
   * batch are in memory at once.
   */
  constructor(runner: BatchRunner, clock?: Clock, ordersMax = () => Infinity) {
    this.#runner = runner
    this.#clock = clock
    this.#ordersMax = ordersMax
    this.#deadlines = clock && new EarliestDeadline(clock, () => this.#refuseLate())
  }

  submit<K extends Kind>(kind: K, ...args: Arguments<K>): Promise<Value<K>> {
    return this.submitBy(Infinity, kind, ...args)
  }

  /** Rejects at `beginByMs` of the monotonic clock when its turn has not come: then it never begins. */
  submitBy<K extends Kind>(beginByMs: number, kind: K, ...args: Arguments<K>): Promise<Value<K>> {
    return new Promise<Value<K>>((resolve, reject) => {
      if (this.#isClosed) throw new StoreError('The store is closed', 'no')
      if (this.#waiting.length >= WAITING_OPERATIONS_MAX) {
        throw new StoreError('Too many operations wait for the store', 'no')
      }
      const operation: OperationOf<K> = { kind, args }
      this.#waiting.push({
        operation: operation as unknown as Operation,
        beginByMs,
        resolve,
        reject,
      })
      this.#deadlines?.watch(beginByMs)
      this.#draining ??= this.#drain()
    })
  }

  /** Refuses what comes from now on, and waits for what came before. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#draining
    this.#deadlines?.cancel()
  }

  async #drain(): Promise<void> {
    do {
      // One turn of the event loop, so that all requests it brings in share the batch.
      await setImmediate()
      const batch = this.#waiting.splice(0, this.#countOfNextBatch())
      if (batch.length === 0) break
      const results = await this.#runner.run(batch.map(({ operation }) => operation))
      batch.forEach((waiting, index) => settleCall(waiting, results[index]))
    } while (this.#waiting.length > 0)
    this.#draining = undefined
  }

  #countOfNextBatch(): number {
    const most = Math.min(this.#waiting.length, BATCH_OPERATIONS_MAX)
    const ordersMax = this.#ordersMax()
    let orderCount = 0
    for (let count = 0; count < most; count += 1) {
      const waiting = this.#waiting[count]
      if (waiting === undefined || !READS_WHOLE_ORDER.has(waiting.operation.kind)) continue
      if (orderCount >= ordersMax) return count
      orderCount += 1
    }
    return most
  }

  /** Returns the earliest deadline of those that still wait. */
  #refuseLate(): number {
    const nowMs = this.#clock?.monotonicMs() ?? 0
    let earliestMs = Infinity
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.beginByMs <= nowMs) {
        waiting.reject(new StoreError('The store had no time for it', 'no'))
      } else {
        this.#waiting.push(waiting)
        earliestMs = Math.min(earliestMs, waiting.beginByMs)
      }
    }
    return earliestMs
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
