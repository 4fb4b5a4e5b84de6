import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../business/ports.ts'

/** Callers of which this is kept. Whoever is not among them is let in. */
const CALLERS_MAX = 10_000

const MS_PER_SECOND = 1_000

/**
 * So many requests of one caller in a second, in this instance. What is kept of a caller is one time: when
 * it would have sent all that it has, had it sent at its rate (the generic cell rate algorithm).
 */
export class RateLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #intervalMs: number
  /** Those who have sent last are the last. */
  readonly #due = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonicMs'>, requestsPerSecond: number) {
    this.#clock = clock
    this.#intervalMs = MS_PER_SECOND / requestsPerSecond
  }

  /** Whether this request of the caller is one too many. One that is refused does not count. */
  isOver(caller: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    const dueMs = Math.max(nowMs, this.#due.get(caller) ?? 0) + this.#intervalMs
    if (dueMs - nowMs > MS_PER_SECOND) return true
    this.#due.delete(caller)
    this.#due.set(caller, dueMs)
    const [oldest] = this.#due.keys()
    if (this.#due.size > CALLERS_MAX && oldest !== undefined) this.#due.delete(oldest)
    return false
  }
}

export function nameOfCaller({ caller, ip }: FastifyRequest): string {
  return caller?.principal ?? ip
}
