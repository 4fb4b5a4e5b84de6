import { BackOff } from './back-off.ts'

/**
 * One token for all who need it: fetched once, fetched anew before it ends, and never asked for more often
 * than a back-off allows while the identity provider fails.
 */

/** Of its lifetime; the old one serves while the new one is fetched. */
const RENEW_AT = 0.8

/** So long before its end a token is not used any more. */
const SPARE_MS = 30_000

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
  readonly #failures: BackOff
  #held: HeldToken | undefined
  #fetching: Promise<string> | undefined

  /** `nowMs`: monotonic. */
  constructor(fetch: () => Promise<FetchedToken>, nowMs: () => number = () => performance.now()) {
    this.#fetch = fetch
    this.#nowMs = nowMs
    this.#failures = new BackOff(nowMs)
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
    const { token, lifetimeMs } = await this.#failures.run(this.#fetch)
    const nowMs = this.#nowMs()
    const endMs = nowMs + Math.max(0, lifetimeMs - SPARE_MS, lifetimeMs * RENEW_AT)
    this.#held = { token, renewAtMs: nowMs + lifetimeMs * RENEW_AT, endMs }
    return token
  }
}
