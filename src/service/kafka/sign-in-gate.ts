import { SignInRefused } from './sasl.ts'

const RETRY_DELAY_MS_MIN = 1_000
const RETRY_DELAY_MS_MAX = 30_000

/**
 * Keeps one refused credential from being tried by every lane again and again: brokers and directories
 * lock users out. The first attempt at each broker is alone; after a refusal nobody tries before its time.
 * A network that fails refuses nothing.
 */
export class SignInGate {
  readonly #nowMs: () => number
  readonly #trials = new Map<string, Promise<void>>()
  /** The credential that was taken last. */
  #taken: string | undefined
  #refused: { readonly credential: string; readonly error: SignInRefused } | undefined
  #untilMs = -Infinity
  #delayMs = RETRY_DELAY_MS_MIN

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Rejects with the former refusal where it is too early for another try. */
  async enter<Value>(
    broker: string,
    credential: string,
    attempt: () => Promise<Value>,
  ): Promise<Value> {
    for (;;) {
      this.#assertOpen(credential)
      if (this.#taken === credential) return this.#watch(credential, attempt)
      const trial = this.#trials.get(broker)
      if (trial === undefined) break
      await trial
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#trials.set(broker, promise)
    try {
      return await this.#watch(credential, attempt)
    } finally {
      this.#trials.delete(broker)
      resolve()
    }
  }

  #assertOpen(credential: string): void {
    if (this.#refused?.credential === credential && this.#nowMs() < this.#untilMs) {
      throw this.#refused.error
    }
  }

  async #watch<Value>(credential: string, attempt: () => Promise<Value>): Promise<Value> {
    try {
      const value = await attempt()
      this.#taken = credential
      this.#refused = undefined
      this.#delayMs = RETRY_DELAY_MS_MIN
      return value
    } catch (error) {
      if (error instanceof SignInRefused) this.#noteRefused(credential, error)
      throw error
    }
  }

  #noteRefused(credential: string, error: SignInRefused): void {
    // Another attempt that began before this one has ended says the same.
    if (this.#refused?.credential === credential && this.#nowMs() < this.#untilMs) return
    if (this.#refused?.credential !== credential) this.#delayMs = RETRY_DELAY_MS_MIN
    this.#taken = undefined
    this.#refused = { credential, error }
    this.#untilMs = this.#nowMs() + this.#delayMs
    this.#delayMs = Math.min(this.#delayMs * 2, RETRY_DELAY_MS_MAX)
  }
}
