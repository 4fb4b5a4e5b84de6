import type { KafkaCluster } from '../../service/kafka/cluster.ts'
import { readEventId } from '../../service/kafka/event-headers.ts'
import type { SkippedRecords } from '../../service/kafka/record-batches.ts'
import { TopicReader } from '../../service/kafka/topic-reader.ts'
import type { Audit, OffsetRange } from './judge.ts'

/** By partition, what is there now. */
export async function readRanges(cluster: KafkaCluster): Promise<OffsetRange[]> {
  const { partitionCount } = await cluster.refresh()
  const ranges: OffsetRange[] = []
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const range = await atLeader(cluster, partition, undefined, async (reader) => ({
      first: await reader.firstOffset(),
      end: await reader.endOffset(),
    }))
    ranges.push(range)
  }
  return ranges
}

/** Hands every record of the ranges to the audit. `onProgress` hears of each one. */
export async function readRecords(
  cluster: KafkaCluster,
  ranges: readonly OffsetRange[],
  audit: Audit,
  onProgress: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [partition, { first, end }] of ranges.entries()) {
    const onSkipped = ({ firstOffset, reason }: SkippedRecords): void =>
      audit.addUnreadable({ partition, offset: firstOffset }, `left out: it ${reason}`)
    await atLeader(cluster, partition, onSkipped, async (reader) => {
      for await (const { offset, record } of reader.read(first, end, signal)) {
        const eventId = readEventId(record.headers)
        const value = record.value ?? new Uint8Array()
        audit.addRecord({ eventId, value, position: { partition, offset } })
        onProgress()
      }
    })
  }
}

async function atLeader<Answer>(
  cluster: KafkaCluster,
  partition: number,
  onSkipped: ((skipped: SkippedRecords) => void) | undefined,
  ask: (reader: TopicReader) => Promise<Answer>,
): Promise<Answer> {
  const leader = await cluster.leaderOf(partition)
  return cluster.withConnection(leader.broker, (connection) =>
    ask(new TopicReader(connection, cluster.topic, partition, onSkipped && { onSkipped })),
  )
}
