import type { OrderEvent, RetryKey } from '../../models/order-event.ts'
import type { Clock } from '../ports.ts'

/**
 * How the life of a change ended. `abandoned`: it is not settled here, because the process closes or
 * another instance has taken over, which settles it.
 */
export type PublicationEnd = 'settled' | 'discarded' | 'abandoned'

/** One change on its way from reserved to settled or discarded. */
export interface Publication {
  readonly event: OrderEvent
  readonly retryKey: RetryKey | undefined
  /** Its caller was answered "unknown", or is gone with another instance. */
  readonly isInDoubt: boolean
  /** So many wait for its end now. */
  readonly waiterCount: number
  /** Calls back once, when it ends; the returned function takes that back. */
  onEnd(listener: (end: PublicationEnd) => void): () => void
  /**
   * How it ended, or `deadline` when that time of the monotonic clock comes first. There is no promise of
   * the end to race with: a change in doubt may last for hours, and a race would leave a reaction on
   * such a promise for every request that waited.
   */
  waitForEnd(clock: Clock, deadlineMs: number): Promise<PublicationEnd | 'deadline'>
}

/** A publication as the one who ends it has it. */
export class LivePublication implements Publication {
  readonly event: OrderEvent
  readonly retryKey: RetryKey | undefined
  isInDoubt = false
  readonly #waiters = new Set<(end: PublicationEnd) => void>()

  constructor(event: OrderEvent, retryKey: RetryKey | undefined) {
    this.event = event
    this.retryKey = retryKey
  }

  get waiterCount(): number {
    return this.#waiters.size
  }

  onEnd(listener: (end: PublicationEnd) => void): () => void {
    // A function of its own: one listener that is added twice is called twice.
    const waiter = (end: PublicationEnd): void => listener(end)
    this.#waiters.add(waiter)
    return () => void this.#waiters.delete(waiter)
  }

  waitForEnd(clock: Clock, deadlineMs: number): Promise<PublicationEnd | 'deadline'> {
    const { promise, resolve } = Promise.withResolvers<PublicationEnd | 'deadline'>()
    const forget = this.onEnd((end) => {
      cancelDeadline()
      resolve(end)
    })
    const cancelDeadline = clock.schedule(Math.max(0, deadlineMs - clock.monotonicMs()), () => {
      forget()
      resolve('deadline')
    })
    return promise
  }

  /** Once. */
  end(how: PublicationEnd): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) waiter(how)
  }
}

/** A change that is alive here, and its end, which comes once. */
export interface Life {
  readonly publication: LivePublication
  readonly valueBytes: number
  isOver: boolean
  readonly end: (how: PublicationEnd) => void
}
