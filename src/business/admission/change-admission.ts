import type { ChangeOutcome } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { DelayLimit } from './delay-limit.ts'

export interface ChangeAdmissionDeps {
  readonly clock: Clock
  /** Requests that may be here at once, at work or waiting for others of their order. */
  readonly requestsMax: number
  /** Requests that wait for others of their order: they hold nothing up. */
  readonly waitingCount: () => number
  /** Changes whose callers do not know what became of them. */
  readonly inDoubtCount: () => number
}

/** Of a request that was let in. */
export interface ChangePlace {
  /** Its body is here, too. False: there is no place any more. */
  begin(): boolean
  /** It has left. Once. */
  leave(): void
}

/**
 * Lets requests for changes in, from their first line to the last byte of their answers. More than can
 * be served soon are turned away at once, while that is cheap: those that are let in are answered soon,
 * and none of them is stored only to be taken back.
 */
export class ChangeAdmission {
  readonly #deps: ChangeAdmissionDeps
  readonly #limit = new DelayLimit()
  /** Requests that are here, their bodies or not. */
  #count = 0
  /** Those with their bodies, waiting for others of their order or not. */
  #begunCount = 0

  constructor(deps: ChangeAdmissionDeps) {
    this.#deps = deps
  }

  /** The head of a request is here. Undefined: it is turned away. */
  enter(): ChangePlace | undefined {
    if (this.isFull()) return undefined
    this.#count += 1
    let isBegun = false
    return {
      // Asked once more: many may have sent their heads, and keep their bodies back.
      begin: () => {
        isBegun = !this.#isAtLimit()
        if (isBegun) this.#begunCount += 1
        return isBegun
      },
      leave: () => {
        this.#count -= 1
        if (isBegun) this.#begunCount -= 1
      },
    }
  }

  /** Whether a request that arrives now is turned away. */
  isFull(): boolean {
    return this.#count >= this.#deps.requestsMax || this.#isAtLimit()
  }

  #isAtLimit(): boolean {
    const isAtLimit = this.#begunCount - this.#deps.waitingCount() >= this.#limit.value
    if (isAtLimit) this.#limit.noteReached()
    return isAtLimit
  }

  /**
   * For a request that is turned away. Nobody has looked into its body: with an idempotency key, or
   * while a change is in doubt here, it may be the same request again, and then something has happened.
   */
  outcomeOfRefusal(hasRetryKey: boolean): ChangeOutcome {
    return hasRetryKey || this.#deps.inDoubtCount() > 0 ? 'unknown' : 'not-applied'
  }

  /** A change was settled, so long after it was begun. */
  noteSettled(tookMs: number): void {
    this.#limit.noteSettled(this.#deps.clock.monotonicMs(), tookMs)
  }
}
