import type { Clock } from '../../business/ports.ts'

/** Lists at work at once, from the question to the store until the client has taken the answer. */
export const LISTS_AT_WORK_MAX = 16

/** Of the answers of those, at the most that their orders can hold. A page that would be larger is cut. */
export const LIST_BYTES_MAX = 64 * 1024 * 1024

/** Lists that wait for a place, and for how long. */
export const LISTS_WAITING_MAX = 1_024
export const LIST_WAIT_MS = 1_000

/**
 * From its place until the client has taken the answer. 16 clients that take a little now and then would
 * otherwise keep all others from their lists.
 */
export const LIST_TAKEN_MS_MAX = 60_000

export interface ListTurn {
  /** The most that the answer may have: LIST_BYTES_MAX, or less. */
  readonly bytesMax: number
  readonly begin: () => void
  /** It waited too long, or too many do. */
  readonly refuse: () => void
  /** It is at work for too long: nobody gets the rest of the answer. */
  readonly cut: () => void
}

interface Visit {
  readonly turn: ListTurn
  state: 'waiting' | 'at-work' | 'over'
  stopTimer: () => void
}

/** First come, first served: a large list waits for its room, and small ones wait behind it. */
export class ListPlaces {
  readonly #clock: Clock
  readonly #waiting = new Set<Visit>()
  #atWorkCount = 0
  #atWorkBytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Begins, waits or refuses. The returned function is to be called once, when the client has its answer
   * or has left: one that still waits does not begin any more.
   */
  enter(turn: ListTurn): () => void {
    const visit: Visit = { turn, state: 'waiting', stopTimer: () => undefined }
    if (this.#waiting.size === 0 && this.#hasRoom(turn)) this.#begin(visit)
    else if (this.#waiting.size >= LISTS_WAITING_MAX) this.#refuse(visit)
    else {
      visit.stopTimer = this.#clock.schedule(LIST_WAIT_MS, () => this.#refuse(visit))
      this.#waiting.add(visit)
    }
    return () => this.#leave(visit)
  }

  #hasRoom({ bytesMax }: ListTurn): boolean {
    return this.#atWorkCount < LISTS_AT_WORK_MAX && this.#atWorkBytes + bytesMax <= LIST_BYTES_MAX
  }

  #begin(visit: Visit): void {
    visit.state = 'at-work'
    this.#atWorkCount += 1
    this.#atWorkBytes += visit.turn.bytesMax
    visit.stopTimer = this.#clock.schedule(LIST_TAKEN_MS_MAX, visit.turn.cut)
    visit.turn.begin()
  }

  #refuse(visit: Visit): void {
    visit.state = 'over'
    this.#waiting.delete(visit)
    visit.turn.refuse()
  }

  #leave(visit: Visit): void {
    const { state, turn } = visit
    visit.state = 'over'
    visit.stopTimer()
    if (state === 'waiting') this.#waiting.delete(visit)
    if (state === 'at-work') {
      this.#atWorkCount -= 1
      this.#atWorkBytes -= turn.bytesMax
    }
    for (const next of this.#waiting) {
      if (!this.#hasRoom(next.turn)) return
      this.#waiting.delete(next)
      next.stopTimer()
      this.#begin(next)
    }
  }
}
