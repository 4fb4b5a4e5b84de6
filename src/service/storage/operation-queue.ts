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
  ReadKind,
  Value,
} from './operation.ts'

/** Bounds how long a transaction holds the database, and how much one fsync may lose. */
const BATCH_OPERATIONS_MAX = 512
/** Far above what is let in at once; a bound for our own mistakes. */
const WAITING_OPERATIONS_MAX = 50_000

/** Of one batch: changes have the rest of it. */
const ORDER_READS_MAX = BATCH_OPERATIONS_MAX / 2

/** Each brings a whole order, which may be large. Lists are bounded before they come here. */
const ORDER_READS: ReadonlySet<Kind> = new Set<ReadKind>(['findOrder', 'findKeyedChange'])

export interface OperationQueueOptions {
  /** Without a clock nothing is too late. */
  readonly clock?: Clock | undefined
  /** Orders that are read in one batch, at most; never more than half of its operations. */
  readonly orderReadsMax?: number
}

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
 * different batches take effect in the order of their calls; but that reads of orders may come later
 * than changes that were called after them. Large orders would otherwise fill the memory with one batch,
 * and an event that is on the topic would wait for thousands of them to be settled.
 */
export class OperationQueue {
  readonly #runner: BatchRunner
  readonly #clock: Clock | undefined
  readonly #deadlines: EarliestDeadline | undefined
  readonly #orderReadsMax: number
  readonly #waiting: Waiting[] = []
  readonly #orderReads: Waiting[] = []
  #draining: Promise<void> | undefined
  #isClosed = false

  constructor(
    runner: BatchRunner,
    { clock, orderReadsMax = ORDER_READS_MAX }: OperationQueueOptions = {},
  ) {
    this.#runner = runner
    this.#clock = clock
    this.#orderReadsMax = Math.min(orderReadsMax, ORDER_READS_MAX)
    this.#deadlines = clock && new EarliestDeadline(clock, () => this.#refuseLate())
  }

  submit<K extends Kind>(kind: K, ...args: Arguments<K>): Promise<Value<K>> {
    return this.submitBy(Infinity, kind, ...args)
  }

  /** Rejects at `beginByMs` of the monotonic clock when its turn has not come: then it never begins. */
  submitBy<K extends Kind>(beginByMs: number, kind: K, ...args: Arguments<K>): Promise<Value<K>> {
    return new Promise<Value<K>>((resolve, reject) => {
      if (this.#isClosed) throw new StoreError('The store is closed', 'no')
      if (this.#waitingCount >= WAITING_OPERATIONS_MAX) {
        throw new StoreError('Too many operations wait for the store', 'no')
      }
      const operation: OperationOf<K> = { kind, args }
      const waiting = ORDER_READS.has(kind) ? this.#orderReads : this.#waiting
      waiting.push({
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

  get #waitingCount(): number {
    return this.#waiting.length + this.#orderReads.length
  }

  async #drain(): Promise<void> {
    do {
      // One turn of the event loop, so that all requests it brings in share the batch.
      await setImmediate()
      const reads = this.#orderReads.splice(0, this.#orderReadsMax)
      const batch = [...this.#waiting.splice(0, BATCH_OPERATIONS_MAX - reads.length), ...reads]
      if (batch.length === 0) break
      const results = await this.#runner.run(batch.map(({ operation }) => operation))
      batch.forEach((waiting, index) => settleCall(waiting, results[index]))
    } while (this.#waitingCount > 0)
    this.#draining = undefined
  }

  /** Returns the earliest deadline of those that still wait. */
  #refuseLate(): number {
    const nowMs = this.#clock?.monotonicMs() ?? 0
    let earliestMs = Infinity
    for (const queue of [this.#waiting, this.#orderReads]) {
      for (const waiting of queue.splice(0)) {
        if (waiting.beginByMs <= nowMs) {
          waiting.reject(new StoreError('The store had no time for it', 'no'))
        } else {
          queue.push(waiting)
          earliestMs = Math.min(earliestMs, waiting.beginByMs)
        }
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
