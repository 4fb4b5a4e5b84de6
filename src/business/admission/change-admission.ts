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

/**
 * Lets requests for changes in, from their first line to the last byte of their answers. More than can
 * be served soon are turned away at once, while that is cheap: those that are let in are answered soon,
 * and none of them is stored only to be taken back.
 */
export class ChangeAdmission {
  readonly #deps: ChangeAdmissionDeps
  readonly #limit = new DelayLimit()
  #count = 0

  constructor(deps: ChangeAdmissionDeps) {
    this.#deps = deps
  }

  /** Undefined: turned away. Otherwise to be called once, when the request has left. */
  enter(): (() => void) | undefined {
    const { requestsMax, waitingCount } = this.#deps
    if (this.#count >= requestsMax) return undefined
    if (this.#count - waitingCount() >= this.#limit.value) {
      this.#limit.noteReached()
      return undefined
    }
    this.#count += 1
    let isHere = true
    return () => {
      if (isHere) this.#count -= 1
      isHere = false
    }
  }

  /**
   * What one that is turned away can be told. Nobody has read its body: with an idempotency key, or
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
