import type { DependencyHealth } from '../../business/dependency-health.ts'
import type { Measures } from '../../business/measures/measures.ts'
import { ignoreStoreError, type Clock } from '../../business/ports.ts'
import type { BatchRunner } from './batch-runner.ts'
import type { Kind, Operation, OperationResult, Value, Writes } from './operation.ts'

/** While it is down no traffic may come any more, so somebody has to ask whether it is back. */
const PROBE_EVERY_MS = 1_000

export interface StoreWatchDeps {
  readonly health: DependencyHealth
  readonly clock: Clock
  readonly measures?: Pick<Measures, 'storeOperations' | 'storeFailures'>
  /** An event has become a fact. */
  readonly onSettled?: () => void
}

/** Whether a value shows that something was written: a full disk still reads, and finds nothing to do. */
const SHOWS_WRITING: { readonly [K in keyof Writes]: (value: Value<K>) => boolean } = {
  join: () => true,
  // By itself it writes nothing on SQLite.
  renewLease: () => false,
  leave: () => false,
  reserve: (result) => result === 'reserved',
  settle: (result) => result === 'settled',
  settleErasure: (result) => result === 'settled',
  discard: (result) => result === 'discarded',
  takeOverPending: (taken) => taken.length > 0,
  handOver: (result) => result === 'handed-over',
  probe: () => true,
  saveSchemaId: () => true,
  // It may have been there, or not.
  forgetSchemaId: () => false,
  forgetKeys: (count) => count > 0,
}

/**
 * Tells health what the results of the runners show, of whatever was asked for, and has the store
 * probed while it is down.
 */
export class StoreWatch {
  readonly #deps: StoreWatchDeps
  readonly #probe: () => Promise<void>
  readonly #closing = new AbortController()
  #probing: Promise<void> | undefined
  /** Why lists cannot be read, while changes can be made. */
  #listFailure: string | undefined

  /** `probe` goes through a watched runner, which sees what comes of it. */
  constructor(deps: StoreWatchDeps, probe: () => Promise<void>) {
    this.#deps = deps
    this.#probe = probe
  }

  watch(runner: BatchRunner): BatchRunner {
    return this.#watched(runner, (operation, result) => this.#note(operation, result))
  }

  /** A runner for lists alone: where it fails, changes can still be made. */
  watchLists(runner: BatchRunner): BatchRunner {
    return this.#watched(runner, (_operation, result) => this.#noteList(result))
  }

  #watched(
    runner: BatchRunner,
    note: (operation: Operation, result: OperationResult | undefined) => void,
  ): BatchRunner {
    return {
      run: async (batch) => {
        const beganMs = this.#deps.clock.monotonicMs()
        const results = await runner.run(batch)
        this.#count(batch, results, this.#deps.clock.monotonicMs() - beganMs)
        batch.forEach((operation, index) => note(operation, results[index]))
        return results
      },
      close: () => runner.close(),
    }
  }

  /** Ends the probing. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#probing
  }

  #count(batch: readonly Operation[], results: readonly OperationResult[], tookMs: number): void {
    const { measures } = this.#deps
    if (measures === undefined) return
    const counts = new Map<Kind, number>()
    for (const { kind } of batch) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    for (const [kind, count] of counts) measures.storeOperations.note([kind], tookMs, count)
    for (const result of results) {
      if (result.kind === 'failed') measures.storeFailures.add([result.isApplied])
    }
  }

  #note({ kind }: Operation, result: OperationResult | undefined): void {
    if (result?.kind === 'failed') return this.#noteFailure(result.message)
    if (result?.kind !== 'value') return
    if (showsWriting(kind, result.value)) this.#reportUsable()
    const isSettling = kind === 'settle' || kind === 'settleErasure'
    if (isSettling && result.value === 'settled') this.#deps.onSettled?.()
  }

  #noteList(result: OperationResult | undefined): void {
    if (result?.kind === 'failed') this.#listFailure = `lists cannot be read: ${result.message}`
    else if (result?.kind === 'value') this.#listFailure = undefined
    // A list that could be read, or could not, does not make a store usable that is down.
    if (this.#deps.health.states().storage.status !== 'down') this.#reportUsable()
  }

  #reportUsable(): void {
    const { health } = this.#deps
    if (this.#listFailure === undefined) health.reportUp('storage')
    else health.reportDegraded('storage', this.#listFailure)
  }

  #noteFailure(message: string): void {
    if (this.#closing.signal.aborted) return
    this.#deps.health.reportDown('storage', message)
    this.#probing ??= this.#probeUntilUp().finally(() => {
      this.#probing = undefined
    })
  }

  async #probeUntilUp(): Promise<void> {
    const { health, clock } = this.#deps
    const { signal } = this.#closing
    while (health.states().storage.status === 'down') {
      await clock.sleep(PROBE_EVERY_MS, signal)
      if (signal.aborted) return
      await this.#probe().catch(ignoreStoreError)
    }
  }
}

function showsWriting(kind: Kind, value: Value): boolean {
  if (!(kind in SHOWS_WRITING)) return false
  const shows = SHOWS_WRITING[kind as keyof Writes] as (value: Value) => boolean
  return shows(value)
}
