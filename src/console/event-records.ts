import type { Place } from './address.ts'
import { placeOf, type TopicRecord } from './topic-record.ts'

/** Which records the page keeps: the newest ones of all, and of those that the filters want. */

export const ROWS_MAX = 200

/** One more than are shown, so that it is known that there are more. */
const KEPT_MAX = ROWS_MAX + 1

export type Wanted = Pick<Place, 'search' | 'status'>

export function isWanted({ key, status }: TopicRecord, wanted: Wanted): boolean {
  return (
    (wanted.search === '' || key?.startsWith(wanted.search) === true) &&
    (wanted.status === '' || status === wanted.status)
  )
}

/**
 * Bounded, in the order that they have. Without a place of their own the few that the filters want
 * would go for the many that they hide.
 */
export function keepNewest(records: readonly TopicRecord[], wanted: Wanted): TopicRecord[] {
  if (records.length <= KEPT_MAX) return [...records]
  let wantedCount = 0
  return records.filter((record, index) => {
    if (!isWanted(record, wanted)) return index < KEPT_MAX
    wantedCount += 1
    return wantedCount <= KEPT_MAX
  })
}

/** Newest first, each once, bounded. */
export function mergeRecords(
  one: readonly TopicRecord[],
  other: readonly TopicRecord[],
  wanted: Wanted,
): TopicRecord[] {
  const byPlace = new Map([...other, ...one].map((record) => [placeOf(record), record]))
  return keepNewest([...byPlace.values()].toSorted(compareRecords), wanted)
}

function compareRecords(one: TopicRecord, other: TopicRecord): number {
  const [first, second] = [one.time ?? '', other.time ?? '']
  if (first !== second) return first < second ? 1 : -1
  return other.partition - one.partition || other.offset - one.offset
}
