import type { Clock } from '../../business/ports.ts'

/** Reads at work at once, from their arrival until their answers are taken and their work is over. */
export const READS_AT_WORK_MAX = 512

/** Of the answers of those, at the most that they can hold; one that is larger goes alone. */
export const READ_BYTES_MAX = 64 * 1024 * 1024

/** From their arrival until their answers are taken: a client may take a little now and then. */
export const READ_TAKEN_MS_MAX = 60_000

/** No read waits: it is let in, or turned away. */
export class ReadPlaces {
  readonly #clock: Clock
  #atWorkCount = 0
  #atWorkBytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** For a read whose answer has at most so many bytes; the largest one goes alone. */
  isFull(bytesMax: number): boolean {
    if (this.#atWorkCount === 0) return false
    return this.#atWorkCount >= READS_AT_WORK_MAX || this.#atWorkBytes + bytesMax > READ_BYTES_MAX
  }

  /**
   * Returns how to leave, to be called once; undefined when it is full. `cut` is called when the read is
   * at work for too long: nobody gets the rest of the answer.
   */
  enter(bytesMax: number, cut: () => void): (() => void) | undefined {
    if (this.isFull(bytesMax)) return undefined
    this.#atWorkCount += 1
    this.#atWorkBytes += bytesMax
    const stopTimer = this.#clock.schedule(READ_TAKEN_MS_MAX, cut)
    return () => {
      this.#atWorkCount -= 1
      this.#atWorkBytes -= bytesMax
      stopTimer()
    }
  }
}
