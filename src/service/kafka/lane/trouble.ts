import type { Clock } from '../../../business/ports.ts'

const RETRY_DELAY_MS_MIN = 50
const RETRY_DELAY_MS_MAX = 1_000

/** From here on new changes are turned away at once: see the gate in docs/architecture.md. */
const STALLED_AFTER_MS = 1_000

/** A partition that refused everything so recently is said to take nothing. The next ack ends it too. */
const REFUSAL_IS_NEWS_MS = 15_000

/**
 * How long a lane has made no progress, and why. Progress is an end: a batch acked or refused, a doubt
 * resolved. A connection that comes back is none, and neither is an answer on the way.
 */
export class LaneTrouble {
  readonly #clock: Clock
  /** Since then the lane works on the same thing, or has no connection. */
  #busySinceMs: number | undefined
  #retryDelayMs = RETRY_DELAY_MS_MIN
  #throttledUntilMs = -Infinity
  #reason: string | undefined
  #refusal: { readonly reason: string; readonly untilMs: number } | undefined

  /** A lane begins without a connection, now or where its predecessor made no progress any more. */
  constructor(clock: Clock, busySinceMs = clock.monotonicMs()) {
    this.#clock = clock
    this.#busySinceMs = busySinceMs
  }

  /** For so long it has made no progress; 0 while nothing is under way. */
  get stalledMs(): number {
    const nowMs = this.#clock.monotonicMs()
    const busyMs = this.#busySinceMs === undefined ? 0 : nowMs - this.#busySinceMs
    return busyMs > STALLED_AFTER_MS ? busyMs : 0
  }

  get isStalled(): boolean {
    return this.stalledMs > 0 || this.throttleMs > STALLED_AFTER_MS
  }

  /** Why a change would not be acknowledged now, in one sentence without the partition. */
  get report(): string | undefined {
    if (this.throttleMs > STALLED_AFTER_MS) {
      return 'the broker throttles this client (a Kafka quota)'
    }
    if (this.isStalled) {
      return this.#reason ?? 'its leader does not answer'
    }
    const refusal = this.#refusal
    if (refusal === undefined || this.#clock.monotonicMs() >= refusal.untilMs) return undefined
    return `the broker refuses every event: ${refusal.reason}`
  }

  /** Work has begun, or the connection is gone. */
  noteBusy(): void {
    this.#busySinceMs ??= this.#clock.monotonicMs()
  }

  /** What was under way has come to its end. */
  noteProgress(): void {
    this.#busySinceMs = undefined
    this.#retryDelayMs = RETRY_DELAY_MS_MIN
    this.#reason = undefined
  }

  /** This instance may not publish now, which is not the broker's doing. */
  noteNotAllowed(): void {
    this.#busySinceMs = undefined
  }

  noteAck(): void {
    this.#refusal = undefined
  }

  /** The partition refuses whatever is sent. */
  noteRefusal(reason: string): void {
    this.#refusal = { reason, untilMs: this.#clock.monotonicMs() + REFUSAL_IS_NEWS_MS }
  }

  /** The broker answers nothing for so long: it says so, and then is silent. */
  noteThrottle(delayMs: number): void {
    if (delayMs > 0) this.#throttledUntilMs = this.#clock.monotonicMs() + delayMs
  }

  /** So long no request has a chance. */
  get throttleMs(): number {
    return Math.max(0, this.#throttledUntilMs - this.#clock.monotonicMs())
  }

  /** Longer after each failure. */
  async backOff(reason: string, signal: AbortSignal): Promise<void> {
    this.#reason = reason
    this.noteBusy()
    await this.#clock.sleep(this.#retryDelayMs, signal)
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, RETRY_DELAY_MS_MAX)
  }
}
