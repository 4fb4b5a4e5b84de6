import type { ChangeOutcome } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { DelayLimit } from './delay-limit.ts'

/**
 * The orders of all requests at work. The size of an order is known only after it was read, together with others.
 * So each request counts as the largest order.
 */
const ORDER_BYTES_MAX_IN_ALL = 320 * 1024 * 1024

export interface ChangeAdmissionDeps {
  readonly clock: Clock
  /** Requests that may be at work at once. */
  readonly requestsMax: number
  /** What the event of the largest order of the store counts in memory, as far as is known (event-size.ts). */
  readonly orderBytesMax: () => number
  /** Requests that wait for others of their order: they hold nothing up, and have a bound of their own. */
  readonly waitingCount: () => number
  /** Changes whose callers do not know what became of them. */
  readonly inDoubtCount: () => number
  /** Whether the events that are under way leave room for another. */
  readonly hasRoomForEvent: () => boolean
}

/**
 * Lets requests for changes in, from the end of their bodies to the last byte of their answers. More than can
 * be served soon are turned away at once, while that is cheap: those that are let in are answered soon,
 * and none of them is stored only to be taken back.
 */
export class ChangeAdmission {
  readonly #deps: ChangeAdmissionDeps
  readonly #limit = new DelayLimit()
  /** Requests that are here, waiting for others of their order or not. */
  #count = 0

  constructor(deps: ChangeAdmissionDeps) {
    this.#deps = deps
  }

  /** All of a request is here. False: it is turned away. */
  enter(): boolean {
    if (this.isFull()) return false
    this.#count += 1
    return true
  }

  /** A request that was let in has left. Once. */
  leave(): void {
    this.#count -= 1
  }

  /**
   * Whether a request that arrives now is turned away. `aheadCount` others were let in before it, and are
   * not counted yet.
   */
  isFull(aheadCount = 0): boolean {
    if (!this.#deps.hasRoomForEvent()) return true
    const atWork = this.#count + aheadCount - this.#deps.waitingCount()
    if (atWork < this.#limit.value) return atWork >= this.#requestsMax()
    this.#limit.noteReached()
    return true
  }

  /**
   * For a request that is turned away. Nobody has looked into its body: with an idempotency key, or
   * while a change is in doubt here, it may be the same request again, and then something has happened.
   */
  outcomeOfRefusal(hasRetryKey: boolean): ChangeOutcome {
    return hasRetryKey || this.#deps.inDoubtCount() > 0 ? 'unknown' : 'not-applied'
  }

  #requestsMax(): number {
    const { requestsMax, orderBytesMax } = this.#deps
    const ordersMax = Math.floor(ORDER_BYTES_MAX_IN_ALL / orderBytesMax())
    return Math.min(requestsMax, Math.max(1, ordersMax))
  }

  /** A change was settled, so long after it was begun. */
  noteSettled(tookMs: number): void {
    this.#limit.noteSettled(this.#deps.clock.monotonicMs(), tookMs)
  }
}
