import type { EventPlace, SettledFeed } from './settled-feed.ts'

/**
 * A place that has about the last `eventsMax` events behind it. The store lists events forward alone, so
 * the place is searched: on SQLite each event has a number of its own, and the first look finds it; on
 * PostgreSQL a settling may have many events, and most numbers none.
 */

/** Enough to come from the first step to the beginning of all numbers, and half as many to halve. */
const LOOKS_MAX = 30

const GROW_BY = 8

export interface RecentPlace {
  readonly place: EventPlace
  /** Of the last event that was there. */
  readonly until: EventPlace
}

/** Not more than `eventsMax` events lie between the two. Rejects with StoreError. */
export async function findRecentPlace(
  feed: Pick<SettledFeed, 'findLastPlace' | 'listSettled'>,
  eventsMax: number,
): Promise<RecentPlace> {
  const until = await feed.findLastPlace()
  /** So many settlings back there are few enough events; 0: in the last one alone are too many. */
  let fitting = 0
  let tooFar = Infinity
  // Some stores have the settling there, too.
  let step = Math.max(1, eventsMax - 1)
  for (let looks = 0; looks < LOOKS_MAX && fitting < until.settling; looks += 1) {
    const found = await feed.listSettled(placeBefore(until, step), eventsMax + 1)
    if (found.length > eventsMax) tooFar = step
    else fitting = step
    if (step === fitting && 2 * found.length >= eventsMax) break
    step = tooFar === Infinity ? fitting * GROW_BY : Math.floor((fitting + tooFar) / 2)
    if (step === fitting) break
  }
  if (fitting > 0) return { place: placeBefore(until, fitting), until }
  return { place: { ...until, arrival: Math.max(0, until.arrival - eventsMax) }, until }
}

function placeBefore({ settling }: EventPlace, settlings: number): EventPlace {
  return { settling: Math.max(0, settling - settlings), arrival: 0 }
}
