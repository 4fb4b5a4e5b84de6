import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../business/ports.ts'

/** How often it is looked at most: an answer that is not taken at two looks keeps its place for too long. */
export const LOOK_EVERY_MS = 1_000

/**
 * A client that takes its answer a little at a time keeps its place meanwhile. Some hundreds of those would
 * keep all others out.
 */
export class UntakenAnswers {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #atWork = new Set<FastifyRequest>()
  #untaken: ReadonlySet<FastifyRequest> = new Set()
  #lookedAtMs = -Infinity

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** It has a place. */
  add(request: FastifyRequest): void {
    this.#atWork.add(request)
  }

  /** Its answer is taken, or its client has left. */
  remove(request: FastifyRequest): void {
    this.#atWork.delete(request)
  }

  /** Another request was turned away: ends the connections that keep places for too long. */
  makeRoom(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return
    this.#lookedAtMs = nowMs
    const before = this.#untaken
    this.#untaken = new Set([...this.#atWork].filter(isUntaken))
    for (const request of this.#untaken) if (before.has(request)) request.raw.socket.destroy()
  }
}

/** Where the socket has taken everything, an answer may wait for that to an earlier request of its client. */
function isUntaken({ stay, raw }: FastifyRequest): boolean {
  return stay?.isAnswering === true && raw.socket.writableLength > 0
}
