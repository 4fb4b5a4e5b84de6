import type { KafkaCluster } from './cluster.ts'
import type { SkippedRecords, TimedRecord } from './record-batches.ts'
import { TopicReader } from './topic-reader.ts'

/** The offsets of a partition: from the first that is there up to, not including, the end. */
export interface OffsetRange {
  readonly first: number
  readonly end: number
}

export interface PlacedRecord extends TimedRecord {
  readonly partition: number
}

/** By partition, what is there now. */
export async function readRanges(cluster: KafkaCluster): Promise<OffsetRange[]> {
  const { partitionCount } = await cluster.refresh()
  const ranges: OffsetRange[] = []
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const range = await askLeader(cluster, partition, async (reader) => ({
      first: await reader.firstOffset(),
      end: await reader.endOffset(),
    }))
    ranges.push(range)
  }
  return ranges
}

/**
 * Hands over every record of the ranges, partition by partition, in the order of their offsets.
 * `onSkipped` hears of those that are beyond what is read.
 */
export async function readRangesOf(
  cluster: KafkaCluster,
  ranges: readonly OffsetRange[],
  onRecord: (record: PlacedRecord) => Promise<void> | void,
  onSkipped: (skipped: SkippedRecords & { readonly partition: number }) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [partition, { first, end }] of ranges.entries()) {
    const noteSkipped = (skipped: SkippedRecords): void => onSkipped({ ...skipped, partition })
    const read = async (reader: TopicReader): Promise<void> => {
      for await (const record of reader.read(first, end, signal)) {
        await onRecord({ ...record, partition })
      }
    }
    await askLeader(cluster, partition, read, noteSkipped)
  }
}

/** Over a connection of its own. */
export async function askLeader<Answer>(
  cluster: KafkaCluster,
  partition: number,
  ask: (reader: TopicReader) => Promise<Answer>,
  onSkipped?: (skipped: SkippedRecords) => void,
): Promise<Answer> {
  const leader = await cluster.leaderOf(partition)
  return cluster.withConnection(leader.broker, (connection) =>
    ask(new TopicReader(connection, cluster.topic, partition, onSkipped && { onSkipped })),
  )
}
