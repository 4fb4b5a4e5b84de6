import type { OffsetRange } from '../../service/kafka/topic-ranges.ts'
import type { TopicMarks } from '../../service/kafka/topic-marks.ts'

/** Offsets of a partition whose records are gone, and that the store does not have either. */
export interface Loss {
  readonly partition: number
  readonly from: number
  /** Not included. */
  readonly to: number
}

/**
 * What no rebuild brings back. The store has what lies below `settledEnds`, of which a backup knows by
 * its marks. What is in between may have been of this service or not.
 */
export function findLosses(
  ranges: readonly OffsetRange[],
  settledEnds: ReadonlyMap<number, number>,
  marks: TopicMarks | undefined,
): Loss[] {
  return ranges.flatMap(({ first }, partition) => {
    const from = Math.max(settledEnds.get(partition) ?? 0, marks?.ranges[partition]?.end ?? 0)
    return first > from ? [{ partition, from, to: first }] : []
  })
}

/** Why a backup does not belong to this topic; undefined where it does. */
export function findMismatch(marks: TopicMarks, now: TopicMarks): string | undefined {
  if (marks.clusterId !== now.clusterId)
    return differs('Kafka cluster', marks.clusterId, now.clusterId)
  if (marks.topic !== now.topic) return differs('topic', marks.topic, now.topic)
  if (marks.topicId !== now.topicId) {
    return `Topic ${now.topic} was deleted and made anew since the backup`
  }
  const shorter = marks.ranges.findIndex(({ end }, partition) => {
    return end > (now.ranges[partition]?.end ?? 0)
  })
  if (shorter < 0) return undefined
  return `Partition ${shorter} of ${now.topic} ended at ${marks.ranges[shorter]?.end} when the backup was made, and ends at ${now.ranges[shorter]?.end ?? 0} now: Kafka has lost records`
}

function differs(what: string, then: string | null, now: string | null): string {
  return `The backup is of ${what} ${then}, and the settings lead to ${now}`
}
