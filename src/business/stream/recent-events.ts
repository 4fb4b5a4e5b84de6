import { eventBytes } from './event-size.ts'
import { isAfter, type EventPlace, type PlacedEvent } from './settled-feed.ts'

/** Some 9,000 orders of one item, or 700 of a hundred. */
const BYTES_MAX = 16 * 1024 * 1024

/** The end of the feed, kept in memory: every event after the place where it starts. */
export class RecentEvents {
  #start: EventPlace
  #events: PlacedEvent[] = []
  #bytes = 0

  constructor(start: EventPlace) {
    this.#start = start
  }

  get end(): EventPlace {
    return this.#events.at(-1)?.place ?? this.#start
  }

  /** Whether all events after a place are here. */
  covers(place: EventPlace): boolean {
    return !isAfter(this.#start, place) && !isAfter(place, this.end)
  }

  append(events: readonly PlacedEvent[]): void {
    this.#events.push(...events)
    for (const event of events) this.#bytes += eventBytes(event)
    this.#forgetOldest()
  }

  /** The next events after a place, at most `limit`; undefined when it lies before what is kept. */
  listAfter(after: EventPlace, limit: number): readonly PlacedEvent[] | undefined {
    if (isAfter(this.#start, after)) return undefined
    const from = this.#findAfter(after)
    return this.#events.slice(from, from + limit)
  }

  #forgetOldest(): void {
    let count = 0
    for (const event of this.#events) {
      if (this.#bytes <= BYTES_MAX) break
      this.#bytes -= eventBytes(event)
      this.#start = event.place
      count += 1
    }
    this.#events.splice(0, count)
  }

  /** Index of the first event after the place. */
  #findAfter(place: EventPlace): number {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const event = this.#events[middle]
      if (event !== undefined && isAfter(event.place, place)) high = middle
      else low = middle + 1
    }
    return low
  }
}
