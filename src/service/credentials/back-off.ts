/** Between two tries of what fails: it doubles from the first to the second. */
const DELAY_MS_MIN = 1_000
const DELAY_MS_MAX = 30_000

interface Failure {
  readonly error: unknown
  readonly delayMs: number
  untilMs: number
}

/** Repeats a failure, without another try, until a wait is over. Then one caller tries for all. */
export class BackOff {
  readonly #nowMs: () => number
  #failure: Failure | undefined

  /** `nowMs`: monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Throws the failure while its wait lasts. */
  check(): void {
    const failure = this.#failure
    if (failure !== undefined && this.#nowMs() < failure.untilMs) throw failure.error
  }

  /**
   * The attempt must end by itself. `counts`: another error says nothing of what is tried, and neither
   * begins a wait nor ends one.
   */
  async run<T>(
    attempt: () => Promise<T>,
    counts: (error: unknown) => boolean = () => true,
  ): Promise<T> {
    this.check()
    const earlier = this.#failure
    if (earlier !== undefined) earlier.untilMs = Infinity
    try {
      const result = await attempt()
      this.#failure = undefined
      return result
    } catch (error) {
      if (!counts(error)) {
        if (earlier !== undefined) earlier.untilMs = this.#nowMs()
        // Of attempts that were under way together one begins the wait.
      } else if (this.#failure === earlier) {
        const delayMs =
          earlier === undefined ? DELAY_MS_MIN : Math.min(earlier.delayMs * 2, DELAY_MS_MAX)
        this.#failure = { error, delayMs, untilMs: this.#nowMs() + delayMs }
      }
      throw error
    }
  }
}
