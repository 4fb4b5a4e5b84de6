/**
 * One token for all who need it: fetched once, fetched anew before it ends, and never asked for more often
 * than a back-off allows while the identity provider fails.
 */

/** Of its lifetime; the old one serves while the new one is fetched. */
const RENEW_AT = 0.8

/** So long before its end a token is not used any more. */
const SPARE_MS = 30_000

const RETRY_DELAY_MS_MIN = 1_000
const RETRY_DELAY_MS_MAX = 30_000

export interface FetchedToken {
  readonly token: string
  /** From now on. */
  readonly lifetimeMs: number
}

interface HeldToken {
  readonly token: string
  readonly renewAtMs: number
  readonly endMs: number
}

export class TokenCache {
  readonly #fetch: () => Promise<FetchedToken>
  readonly #nowMs: () => number
  #held: HeldToken | undefined
  #fetching: Promise<string> | undefined
  #failure: { readonly error: unknown; readonly untilMs: number } | undefined
  #delayMs = RETRY_DELAY_MS_MIN

  /** `nowMs`: monotonic. */
  constructor(fetch: () => Promise<FetchedToken>, nowMs: () => number = () => performance.now()) {
    this.#fetch = fetch
    this.#nowMs = nowMs
  }

  /** Rejects with the reason where there is none that may be used. */
  async token(): Promise<string> {
    const held = this.#held
    const nowMs = this.#nowMs()
    if (held !== undefined && nowMs < held.renewAtMs) return held.token
    const fetched = this.#renew()
    if (held === undefined || nowMs >= held.endMs) return fetched
    // The next caller sees whether it worked.
    fetched.catch(() => {})
    return held.token
  }

  /** It was refused: the next caller gets another one. */
  drop(token: string): void {
    if (this.#held?.token === token) this.#held = undefined
  }

  #renew(): Promise<string> {
    this.#fetching ??= this.#ask().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #ask(): Promise<string> {
    if (this.#failure !== undefined && this.#nowMs() < this.#failure.untilMs) {
      throw this.#failure.error
    }
    try {
      const { token, lifetimeMs } = await this.#fetch()
      const nowMs = this.#nowMs()
      const endMs = nowMs + Math.max(0, lifetimeMs - SPARE_MS, lifetimeMs * RENEW_AT)
      this.#held = { token, renewAtMs: nowMs + lifetimeMs * RENEW_AT, endMs }
      this.#failure = undefined
      this.#delayMs = RETRY_DELAY_MS_MIN
      return token
    } catch (error) {
      this.#failure = { error, untilMs: this.#nowMs() + this.#delayMs }
      this.#delayMs = Math.min(this.#delayMs * 2, RETRY_DELAY_MS_MAX)
      throw error
    }
  }
}
