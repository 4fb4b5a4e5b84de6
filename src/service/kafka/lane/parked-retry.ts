const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 30_000

/** When what the topic did not take is tried again: soon, then less and less often. */
export class ParkedRetry {
  #dueAtMs = Infinity
  #delayMs = RETRY_MS_MIN

  /** In monotonic milliseconds; of no meaning while nothing is parked. */
  get dueAtMs(): number {
    return this.#dueAtMs
  }

  /** An event was set aside, or again. */
  noteParked(nowMs: number): void {
    this.#dueAtMs = nowMs + this.#delayMs
  }

  /** One of them is being tried. */
  noteTried(): void {
    this.#delayMs = Math.min(this.#delayMs * 2, RETRY_MS_MAX)
  }

  /** None is left. */
  noteNone(): void {
    this.#delayMs = RETRY_MS_MIN
  }
}
