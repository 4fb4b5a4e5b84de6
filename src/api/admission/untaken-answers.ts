import type { ServerResponse } from 'node:http'
import type { Clock } from '../../business/ports.ts'

/** How often it is looked at most: an answer that is not taken at two looks keeps its place for too long. */
export const LOOK_EVERY_MS = 1_000

/**
 * A client that takes its answer a little at a time keeps its place meanwhile. Some hundreds of those would
 * keep all others out.
 */
export class UntakenAnswers {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #atWork = new Set<ServerResponse>()
  #untaken = new Set<ServerResponse>()
  #lookedAtMs = -Infinity

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Its request has a place. */
  add(response: ServerResponse): void {
    this.#atWork.add(response)
  }

  /** It is taken, or its client has left. */
  remove(response: ServerResponse): void {
    this.#atWork.delete(response)
    this.#untaken.delete(response)
  }

  /** Another request was turned away: ends the connections that keep places for too long. */
  makeRoom(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return
    this.#lookedAtMs = nowMs
    const before = this.#untaken
    this.#untaken = new Set([...this.#atWork].filter(isUntaken))
    for (const response of this.#untaken) if (before.has(response)) response.req.socket.destroy()
  }
}

/**
 * Also one behind an earlier answer of any kind that its client does not take. One behind a request that is
 * still at work is not: nothing is written for its client then.
 */
function isUntaken({ writableEnded, req }: ServerResponse): boolean {
  return writableEnded && req.socket.writableLength > 0
}
