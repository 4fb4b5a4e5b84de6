import { ignoreStoreError, type Clock, type RetryKeyStore } from './ports.ts'

const SWEEP_EVERY_MS = 60_000

/** Bounds one statement of the store; between two of them changes get their turn. */
const KEYS_MAX = 500

export interface RetryKeySweepDeps {
  readonly retryKeys: Pick<RetryKeyStore, 'forgetKeys'>
  readonly clock: Clock
  readonly retentionMs: number
}

/** Forgets idempotency keys whose time is over. */
export class RetryKeySweep {
  readonly #deps: RetryKeySweepDeps
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined

  constructor(deps: RetryKeySweepDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps
    while (!this.#closing.signal.aborted) {
      await clock.sleep(SWEEP_EVERY_MS, this.#closing.signal)
      await this.#sweep()
    }
  }

  async #sweep(): Promise<void> {
    const { retryKeys, retentionMs } = this.#deps
    try {
      while (!this.#closing.signal.aborted) {
        if ((await retryKeys.forgetKeys(retentionMs, KEYS_MAX)) < KEYS_MAX) return
      }
    } catch (error) {
      // A key that is kept longer harms nobody; the next sweep takes it.
      ignoreStoreError(error)
    }
  }
}
