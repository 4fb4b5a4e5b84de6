import type { Clock } from '../ports.ts'

/**
 * So much of a lease is used by its owner. The rest is for a request that left just before its end:
 * whoever takes over looks on the topic, and must not look before the broker has worked on it.
 */
const USED_PART = 3 / 4

/**
 * Whether this instance may publish what it owns, by its own monotonic clock. It counts from before
 * the store was asked, so it ends before the lease that the store gave.
 */
export class Lease {
  readonly #clock: Clock
  readonly #usedMs: number
  #runsOutAtMs = -Infinity
  #isRevoked = false

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock
    this.#usedMs = leaseMs * USED_PART
  }

  get isHeld(): boolean {
    return !this.#isRevoked && !this.hasRunOut
  }

  /** By time, whether it was revoked before or not. */
  get hasRunOut(): boolean {
    return this.#clock.monotonicMs() >= this.#runsOutAtMs
  }

  /** The store has extended it; it was asked at `askedAtMs` of the monotonic clock. */
  extend(askedAtMs: number): void {
    this.#isRevoked = false
    this.#runsOutAtMs = Math.max(this.#runsOutAtMs, askedAtMs + this.#usedMs)
  }

  revoke(): void {
    this.#isRevoked = true
  }
}
