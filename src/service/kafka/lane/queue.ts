import { countFitting } from './batch-size.ts'
import type { LaneEntry } from './entry.ts'

/** Entries that the rules of a lane have not been given yet. No request with a new event here is under way. */
export class LaneQueue {
  #new: LaneEntry[] = []
  #takenOver: LaneEntry[] = []

  /** Of new events. */
  get entries(): readonly LaneEntry[] {
    return this.#new
  }

  /** Events that another process may have sent. */
  get takenOver(): readonly LaneEntry[] {
    return this.#takenOver
  }

  add(entry: LaneEntry): void {
    this.#new.push(entry)
  }

  addTakenOver(entry: LaneEntry): void {
    this.#takenOver.push(entry)
  }

  /** To the front. */
  putBack(entries: readonly LaneEntry[]): void {
    this.#new.unshift(...entries)
  }

  /** Removes the next batch of new events, of at most so many. */
  takeBatch(eventsMax: number): readonly LaneEntry[] {
    return this.#new.splice(0, countFitting(this.#new, eventsMax))
  }

  /** Removes all of them: one look serves for all. */
  takeTakenOver(): readonly LaneEntry[] {
    return this.#takenOver.splice(0)
  }

  /** L13. With Infinity all of them. */
  cancelDue(nowMs: number): void {
    const isDue = ({ deadlineMs }: LaneEntry): boolean => deadlineMs <= nowMs
    for (const entry of this.#new.filter(isDue)) entry.resolve({ kind: 'cancelled' })
    this.#new = this.#new.filter((entry) => !isDue(entry))
  }
}
