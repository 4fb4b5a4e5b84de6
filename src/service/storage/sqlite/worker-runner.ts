import { Worker } from 'node:worker_threads'

import { StoreError } from '../../../business/ports.ts'
import type { BatchRunner } from '../batch-runner.ts'
import type { Operation, OperationResult } from '../operation.ts'
import type { WorkerRequest } from './serve-engine.ts'

/** Much longer than SQLite waits for another writer: who is silent for so long hangs in the disk. */
const ANSWER_TIMEOUT_MS = 10_000
/** A worker that keeps dying is started this often, and calls in between are refused at once. */
const RESTART_INTERVAL_MS = 1_000

export interface WorkerRunnerOptions {
  readonly path: string
  readonly workerUrl?: URL
  readonly answerTimeoutMs?: number
  readonly restartIntervalMs?: number
}

type Results = readonly OperationResult[]

/**
 * Runs batches in a worker thread, so that an fsync does not hold up the event loop.
 *
 * A worker that dies or does not answer in time is given up: its batch may have been committed or
 * not, and the next batch starts another worker. One that hangs inside a system call cannot be
 * ended before the call returns; it commits at most the batch that was reported as unknown, and
 * until then SQLite's own lock keeps the new worker from writing.
 */
export class WorkerRunner implements BatchRunner {
  readonly #options: Required<WorkerRunnerOptions>
  #worker: Worker | undefined
  #answer: PromiseWithResolvers<Results> | undefined
  #startedAtMs = -Infinity

  constructor(options: WorkerRunnerOptions) {
    this.#options = {
      workerUrl: new URL('./engine-worker.ts', import.meta.url),
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      restartIntervalMs: RESTART_INTERVAL_MS,
      ...options,
    }
  }

  async run(batch: readonly Operation[]): Promise<Results> {
    try {
      return await this.#ask(this.#worker ?? this.#start(), batch)
    } catch (error) {
      const result: OperationResult =
        error instanceof StoreError
          ? { kind: 'failed', message: error.message, isApplied: error.isApplied }
          : { kind: 'bug', error }
      return batch.map(() => result)
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    this.#worker = undefined
    const { promise: end, resolve } = Promise.withResolvers<void>()
    worker.once('exit', () => resolve())
    const timer = setTimeout(() => {
      terminate(worker)
      resolve()
    }, this.#options.answerTimeoutMs)
    worker.postMessage('close' satisfies WorkerRequest)
    await end
    clearTimeout(timer)
  }

  #start(): Worker {
    const { path, workerUrl, restartIntervalMs } = this.#options
    const nowMs = performance.now()
    if (nowMs - this.#startedAtMs < restartIntervalMs) {
      throw new StoreError('The storage thread has just failed and is not started again yet', 'no')
    }
    this.#startedAtMs = nowMs
    const worker = new Worker(workerUrl, { workerData: { path } })
    worker.on('message', (results: Results) => this.#answer?.resolve(results))
    worker.on('error', (error) => this.#giveUp(worker, `has failed: ${String(error)}`))
    worker.on('exit', () => this.#giveUp(worker, 'has ended'))
    this.#worker = worker
    return worker
  }

  /** Rejects with a StoreError when the worker is given up. */
  async #ask(worker: Worker, batch: readonly Operation[]): Promise<Results> {
    const { answerTimeoutMs } = this.#options
    const timer = setTimeout(() => {
      this.#giveUp(worker, `did not answer within ${answerTimeoutMs} ms`)
    }, answerTimeoutMs)
    try {
      this.#answer = Promise.withResolvers()
      worker.postMessage(batch satisfies WorkerRequest)
      return await this.#answer.promise
    } finally {
      clearTimeout(timer)
      this.#answer = undefined
    }
  }

  #giveUp(worker: Worker, what: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#answer?.reject(new StoreError(`The storage thread ${what}`, 'unknown'))
    terminate(worker)
  }
}

/** Not awaited: the end of a thread that hangs in a system call may never come. */
function terminate(worker: Worker): void {
  void worker.terminate()
}
