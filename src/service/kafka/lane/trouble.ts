import type { LaneStateName } from '../../../business/measures/lane-view.ts'
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
  #furtherAtMs = -Infinity
  #retryDelayMs = RETRY_DELAY_MS_MIN
  #throttledUntilMs = -Infinity
  #reason: string | undefined
  #refusal: { readonly reason: string; readonly untilMs: number } | undefined

  /** A lane begins without a connection, now or where its predecessor made no progress any more. */
  constructor(clock: Clock, busySinceMs = clock.monotonicMs()) {
    this.#clock = clock
    this.#busySinceMs = busySinceMs
  }

  get isStalled(): boolean {
    const busySinceMs = this.#busySinceMs ?? Infinity
    const isBusyForLong = this.#clock.monotonicMs() - busySinceMs > STALLED_AFTER_MS
    return isBusyForLong || this.throttleMs > STALLED_AFTER_MS
  }

  /**
   * Monotonic: since then it has not even got further on its way. A look over a long stretch of the
   * topic stalls its lane and is not stuck: another instance would begin it anew.
   */
  get stuckSinceMs(): number | undefined {
    if (this.#busySinceMs === undefined) return undefined
    return Math.max(this.#busySinceMs, this.#furtherAtMs)
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

  /** The same in one word. */
  get stateName(): LaneStateName {
    if (this.throttleMs > STALLED_AFTER_MS) return 'throttled'
    if (this.isStalled) return this.#reason === undefined ? 'silent' : 'failing'
    return this.report === undefined ? 'open' : 'refusing'
  }

  /** Work has begun, or the connection is gone. */
  noteBusy(): void {
    this.#busySinceMs ??= this.#clock.monotonicMs()
  }

  /** The work under way has come to its end. */
  noteProgress(): void {
    this.#busySinceMs = undefined
    this.#retryDelayMs = RETRY_DELAY_MS_MIN
    this.#reason = undefined
  }

  /** A page of the topic was read. */
  noteFurther(): void {
    this.#furtherAtMs = this.#clock.monotonicMs()
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
