/**
 * What a stream that began with the last events tells: those first, all together, and then what happens.
 * The two are told apart by the ids of the stream: only the second is news.
 */

export interface RecentHandlers<Event> {
  /** Oldest first; empty where nothing had happened. */
  readonly onRecent: (events: readonly Event[]) => void
  readonly onEvent: (event: Event) => void
}

export interface RecentEvents<Event> {
  /** The stream has begun after `place`, and the last event of those that were there is `last`. */
  readonly begin: (place: string, last: string) => void
  readonly add: (id: string, event: Event) => void
}

export function createRecentEvents<Event>(handlers: RecentHandlers<Event>): RecentEvents<Event> {
  let recent: Event[] = []
  /** Undefined: what comes now is news. */
  let until: string | undefined

  function end(): void {
    const events = recent
    recent = []
    until = undefined
    handlers.onRecent(events)
  }

  return {
    begin(place, last) {
      until = last
      if (!isAfter(last, place)) end()
    },
    add(id, event) {
      // The last one may have been taken out meanwhile.
      if (until !== undefined && isAfter(id, until)) end()
      if (until === undefined) return handlers.onEvent(event)
      recent.push(event)
      if (id === until) end()
    },
  }
}

/** Of two numbers each, the first one first. */
function isAfter(one: string, other: string): boolean {
  const [first = 0, second = 0] = one.split('-').map(Number)
  const [otherFirst = 0, otherSecond = 0] = other.split('-').map(Number)
  return first === otherFirst ? second > otherSecond : first > otherFirst
}
