import type { KafkaCluster } from './cluster.ts'
import { PartitionSource, type SourceDeps } from './partition-source.ts'
import type { ReadRecords, SkippedRecords, TimedRecord } from './record-batches.ts'
import { readUpTo, TopicReader } from './topic-reader.ts'

/** The offsets of a partition: from the first that is there up to, not including, the end. */
export interface OffsetRange {
  readonly first: number
  readonly end: number
}

export interface PlacedRecord extends TimedRecord {
  readonly partition: number
}

const NEVER = new AbortController().signal

/** By partition, what is there now. */
export async function readRanges(deps: SourceDeps): Promise<OffsetRange[]> {
  const { partitionCount } = await deps.cluster.refresh()
  const ranges: OffsetRange[] = []
  for (let partition = 0; partition < partitionCount; partition += 1) {
    using source = new PartitionSource(deps, partition, { signal: NEVER })
    const range = await source.ask(async (reader) => ({
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
  deps: SourceDeps,
  ranges: readonly OffsetRange[],
  onRecord: (record: PlacedRecord) => Promise<void> | void,
  onSkipped: (skipped: SkippedRecords & { readonly partition: number }) => void,
): Promise<void> {
  for (const [partition, { first, end }] of ranges.entries()) {
    using source = new PartitionSource(deps, partition, { signal: NEVER })
    const begin = await source.ask((reader) => reader.firstReadable(first, end))
    const fetch = async (offset: number): Promise<ReadRecords> => {
      const read = await source.ask((reader) => reader.fetch(offset))
      for (const skipped of read.skipped) onSkipped({ ...skipped, partition })
      return read
    }
    for await (const record of readUpTo(fetch, begin, end)) {
      await onRecord({ ...record, partition })
    }
  }
}

/** Over a connection of its own; another try is the caller's affair. */
export async function askLeader<Answer>(
  cluster: KafkaCluster,
  partition: number,
  ask: (reader: TopicReader) => Promise<Answer>,
): Promise<Answer> {
  const leader = await cluster.leaderOf(partition)
  return cluster.withConnection(leader.broker, (connection) =>
    ask(new TopicReader(connection, cluster.topic, partition)),
  )
}
