import { isConfirmed, isUnanswered, isUnsent, type Journal, type JournalEntry } from './journal.ts'
import type { TopicEvent } from './observations.ts'

/** How many replies there were of each kind. */
export interface ReplyCounts {
  readonly requests: number
  readonly confirmed: number
  readonly notApplied: number
  readonly unknown: number
  readonly unanswered: number
  /** Nobody listened. */
  readonly unsent: number
  /** 404 and 409. */
  readonly declined: number
}

export function countReplies({ entries }: Journal): ReplyCounts {
  const count = (matches: (entry: JournalEntry) => boolean): number =>
    entries.filter(matches).length
  return {
    requests: entries.length,
    confirmed: count(isConfirmed),
    notApplied: count(({ outcome }) => outcome === 'not-applied'),
    unknown: count(({ outcome }) => outcome === 'unknown'),
    unanswered: count(isUnanswered),
    unsent: count(isUnsent),
    declined: count(({ status }) => status >= 400 && status < 500),
  }
}

export function tookMs({ sentAtMs, answeredAtMs }: JournalEntry): number {
  return (answeredAtMs ?? Infinity) - sentAtMs
}

/** The slowest answer, connections that broke left out. */
export function slowestAnswerMs({ entries }: Journal): number {
  return entries.reduce(
    (max, entry) => (entry.status === 0 ? max : Math.max(max, tookMs(entry))),
    0,
  )
}

/** Value below which that share of the values lies; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
}

/** By partition: when an order of it was confirmed, oldest first. */
export function confirmationsByPartition(
  { entries }: Journal,
  topic: readonly TopicEvent[],
): ReadonlyMap<number, readonly number[]> {
  const partitions = new Map(topic.map(({ orderId, partition }) => [orderId, partition]))
  const confirmed = entries.filter(isConfirmed)
  const grouped = Map.groupBy(confirmed, ({ orderId }) => partitions.get(orderId) ?? -1)
  return new Map(
    [...grouped]
      .map(([partition, group]): [number, number[]] => [
        partition,
        group.map(({ answeredAtMs }) => answeredAtMs ?? 0).toSorted((one, other) => one - other),
      ])
      .toSorted(([one], [other]) => one - other),
  )
}

/** The longest time without a value between two instants. */
export function longestGapMs(timesMs: readonly number[], fromMs: number, toMs: number): number {
  const inside = timesMs.filter((timeMs) => timeMs > fromMs && timeMs < toMs)
  let beforeMs = fromMs
  let longestMs = 0
  for (const timeMs of [...inside, toMs]) {
    longestMs = Math.max(longestMs, timeMs - beforeMs)
    beforeMs = timeMs
  }
  return longestMs
}

/** Requests whose connection broke before the answer, and how many of them took effect all the same. */
export function countBroken(
  { entries }: Journal,
  topic: readonly TopicEvent[],
): { readonly broken: number; readonly tookEffect: number } {
  const unanswered = entries.filter(isUnanswered)
  const onTopic = new Set(topic.map(({ traceparent }) => traceparent))
  const tookEffect = unanswered.filter(({ traceparent }) => onTopic.has(traceparent)).length
  return { broken: unanswered.length, tookEffect }
}
