import type { Clock } from '../../business/ports.ts'

const RETRY_DELAY_MS_MIN = 50
const RETRY_DELAY_MS_MAX = 1_000

/** From here on new changes are turned away at once: see the gate in docs/architecture.md. */
const STALLED_AFTER_MS = 1_000

/** What stands in a lane's way, since when, and how long it waits before the next try. */
export class LaneTrouble {
  readonly #clock: Clock
  #disconnectedSinceMs: number | undefined
  #retryDelayMs = RETRY_DELAY_MS_MIN
  /** For logs and health. */
  reason: string | undefined

  /** A lane begins without a connection. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.noteDisconnected()
  }

  /** The oldest batch, sent first at `sentAtMs`, or the search for the leader, takes too long. */
  isStalled(sentAtMs: number | undefined): boolean {
    const sinceMs = sentAtMs ?? this.#disconnectedSinceMs
    return sinceMs !== undefined && this.#clock.monotonicMs() - sinceMs > STALLED_AFTER_MS
  }

  noteDisconnected(): void {
    this.#disconnectedSinceMs ??= this.#clock.monotonicMs()
  }

  noteConnected(): void {
    this.#disconnectedSinceMs = undefined
  }

  /** The broker did what it was asked to do. */
  noteSuccess(): void {
    this.#retryDelayMs = RETRY_DELAY_MS_MIN
    this.reason = undefined
  }

  /** Longer after each failure. */
  async backOff(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(this.#retryDelayMs, signal)
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, RETRY_DELAY_MS_MAX)
  }
}
