import type { Socket } from 'node:net'
import type { Clock } from '../../business/ports.ts'

/** An answer that is not taken for so long keeps its place only as long as no other request needs one. */
export const UNTAKEN_MS_MIN = 1_000

interface Untaken {
  readonly socket: Socket
  readonly sinceMs: number
}

/**
 * Answers whose work is over. A client that takes its answer a little at a time keeps its place meanwhile;
 * some hundreds of those would otherwise keep all others out.
 */
export class UntakenAnswers {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** In their order. */
  readonly #untaken = new Set<Untaken>()
  #lookedAtMs = -Infinity

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** The work for a request of this socket is over. To be called back when its answer is taken, or it closes. */
  add(socket: Socket): () => void {
    const untaken = { socket, sinceMs: this.#clock.monotonicMs() }
    this.#untaken.add(untaken)
    return () => this.#untaken.delete(untaken)
  }

  /** A request was turned away: ends the connections whose clients keep places for too long. */
  makeRoom(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < UNTAKEN_MS_MIN) return
    this.#lookedAtMs = nowMs
    for (const { socket, sinceMs } of this.#untaken) {
      if (nowMs - sinceMs < UNTAKEN_MS_MIN) return
      // Else it waits for the answer to an earlier request of its client.
      if (socket.writableLength > 0) socket.destroy()
    }
  }
}
