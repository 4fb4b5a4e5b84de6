/** A loop that is later than this was busy; less is how timers are. */
const NOISE_MS = 50

/**
 * How long the event loop was held up lately: for so long nothing could be read, whatever clients sent.
 * Measured by a task that is due at equal distances.
 */
export class LoopDelay {
  readonly #everyMs: number
  readonly #windowMs: number
  #dueAtMs: number
  #delays: Array<{ readonly atMs: number; readonly delayMs: number }> = []

  constructor(everyMs: number, windowMs: number, nowMs: number) {
    this.#everyMs = everyMs
    this.#windowMs = windowMs
    this.#dueAtMs = nowMs + everyMs
  }

  /** The task runs. */
  note(nowMs: number): void {
    const delayMs = nowMs - this.#dueAtMs
    this.#dueAtMs = nowMs + this.#everyMs
    this.#delays = this.#delays.filter(({ atMs }) => atMs > nowMs - this.#windowMs)
    if (delayMs > NOISE_MS) this.#delays.push({ atMs: nowMs, delayMs })
  }

  /** Of the last window, and no longer than it. */
  recentMs(nowMs: number): number {
    const sum = this.#delays
      .filter(({ atMs }) => atMs > nowMs - this.#windowMs)
      .reduce((total, { delayMs }) => total + delayMs, 0)
    return Math.min(sum, this.#windowMs)
  }
}
