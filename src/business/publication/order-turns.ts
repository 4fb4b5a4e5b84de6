import type { OrderId } from '../../models/order.ts'
import type { Clock, SettledOrder } from '../ports.ts'
import type { Publication, PublicationEnd } from './publication.ts'

/**
 * Requests that change one order take turns, first come, first served. Without turns each end of a
 * change would wake all of them, and each would ask the store again, to find that another was faster.
 */

/** Bounds memory. Those whose turns do not come in time are told so at their deadlines. */
const WAITING_MAX = 1_000

/** Of all orders: many of them may have long lines. */
const ALL_WAITING_MAX = 10_000

/**
 * Of the events that those read and answer with who were told that their changes are settled. The door does not
 * count those that wait, and the changes of many lines may be settled together.
 */
const TOLD_BYTES_MAX = 8 * 1024 * 1024

/**
 * How a wait ended. `ended`: a change that concerns the request has ended; `crowded`: the same, and so many others
 * were told before that its time is over; `left`: nobody waits any more.
 */
export type Waited =
  /** `left`: the order as the turn before has left it, if that one has changed it. */
  | { readonly kind: 'turn'; readonly left?: SettledOrder | undefined }
  | { readonly kind: 'full' | 'deadline' | 'left' }
  /** `leave`: to be called once, when the client has its answer or the request waits again. */
  | ({ readonly kind: 'ended'; readonly leave: () => void } & Ended)
  | ({ readonly kind: 'crowded' } & Ended)

interface Ended {
  readonly change: Publication
  readonly end: PublicationEnd
}

interface Waiter {
  /** Monotonic. */
  readonly deadlineMs: number
  readonly concerns: (change: Publication) => boolean
  readonly resolve: (waited: Waited) => void
}

export class OrderTurns {
  readonly #clock: Clock
  /** Of each order whose turn is taken: the others, in the order of their arrival. */
  readonly #waiting = new Map<OrderId, Waiter[]>()
  #waitingCount = 0
  /** Their changes are settled, and they are told when others have left; in their order. */
  readonly #toTell = new Map<Waiter, Ended & { readonly bytes: number }>()
  #toldBytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Requests that wait, of all orders. */
  get waitingCount(): number {
    return this.#waitingCount
  }

  /** Takes the turn if nobody has it. Whoever has it ends it with {@link pass}. */
  take(orderId: OrderId): boolean {
    if (this.#waiting.has(orderId)) return false
    this.#waiting.set(orderId, [])
    return true
  }

  /**
   * Waits for the turn, until `deadlineMs` of the monotonic clock or until `leaving` is aborted. `concerns`
   * says whether the end of a change that is alive meanwhile is the answer.
   */
  wait(
    orderId: OrderId,
    concerns: (change: Publication) => boolean,
    deadlineMs: number,
    leaving?: AbortSignal,
  ): Promise<Waited> {
    const waiting = this.#waiting.get(orderId)
    if (waiting === undefined) {
      this.take(orderId)
      return Promise.resolve({ kind: 'turn' })
    }
    if (leaving?.aborted === true) return Promise.resolve({ kind: 'left' })
    if (waiting.length >= WAITING_MAX || this.#waitingCount >= ALL_WAITING_MAX) {
      return Promise.resolve({ kind: 'full' })
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        deadlineMs,
        concerns,
        resolve: (waited) => {
          this.#waitingCount -= 1
          cancelDeadline()
          leaving?.removeEventListener('abort', leave)
          resolve(waited)
        },
      }
      const leftMs = Math.max(0, deadlineMs - this.#clock.monotonicMs())
      const end = (kind: 'deadline' | 'left'): void => {
        const ended = this.#toTell.get(waiter)
        if (ended === undefined) waiting.splice(waiting.indexOf(waiter), 1)
        this.#toTell.delete(waiter)
        const isCrowded = ended !== undefined && kind === 'deadline'
        waiter.resolve(isCrowded ? { kind: 'crowded', ...ended } : { kind })
      }
      const cancelDeadline = this.#clock.schedule(leftMs, () => end('deadline'))
      const leave = (): void => end('left')
      leaving?.addEventListener('abort', leave)
      waiting.push(waiter)
      this.#waitingCount += 1
    })
  }

  /** Gives the turn to the next one that has time left for it. `left`: as for {@link Waited}. */
  pass(orderId: OrderId, left?: SettledOrder): void {
    const nowMs = this.#clock.monotonicMs()
    const waiting = this.#waiting.get(orderId) ?? []
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (next.deadlineMs > nowMs) return next.resolve({ kind: 'turn', left })
      next.resolve({ kind: 'deadline' })
    }
    this.#waiting.delete(orderId)
  }

  /** Those whom the change concerns have their answer, and need no turn. `bytes`: of the value of its event. */
  hearOfEnd(change: Publication, end: PublicationEnd, bytes: number): void {
    const waiting = this.#waiting.get(change.event.order.orderId)
    // After a discard nothing has happened: their turns are still to come.
    if (waiting === undefined || end === 'discarded') return
    for (const waiter of waiting.splice(0)) {
      if (!waiter.concerns(change)) waiting.push(waiter)
      else if (end === 'settled') this.#toTell.set(waiter, { change, end, bytes })
      else waiter.resolve({ kind: 'ended', change, end, leave: () => undefined })
    }
    this.#tell()
  }

  #tell(): void {
    for (const [waiter, { bytes, ...ended }] of this.#toTell) {
      if (this.#toldBytes > 0 && this.#toldBytes + bytes > TOLD_BYTES_MAX) return
      this.#toTell.delete(waiter)
      this.#toldBytes += bytes
      const leave = (): void => {
        // In another turn of the loop: the answer is written before.
        this.#clock.schedule(0, () => {
          this.#toldBytes -= bytes
          this.#tell()
        })
      }
      waiter.resolve({ kind: 'ended', ...ended, leave })
    }
  }
}
