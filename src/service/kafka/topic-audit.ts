import type { Audit } from '../../business/audit/audit.ts'
import type { KafkaCluster } from './cluster.ts'
import { readEventId } from './event-headers.ts'
import { TopicReader } from './topic-reader.ts'

/** By partition, the offset that the next record gets. */
export async function readEnds(cluster: KafkaCluster): Promise<number[]> {
  const { partitionCount } = await cluster.refresh()
  const ends: number[] = []
  for (let partition = 0; partition < partitionCount; partition += 1) {
    ends.push(await atLeader(cluster, partition, (reader) => reader.endOffset()))
  }
  return ends
}

/** Hands every record below the ends to the audit. `onProgress` hears of each one. */
export async function readRecords(
  cluster: KafkaCluster,
  ends: readonly number[],
  audit: Audit,
  onProgress: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [partition, end] of ends.entries()) {
    await atLeader(cluster, partition, async (reader) => {
      for await (const { offset, record } of reader.read(0, end, signal)) {
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
  ask: (reader: TopicReader) => Promise<Answer>,
): Promise<Answer> {
  const leader = await cluster.leaderOf(partition)
  return cluster.withConnection(leader, (connection) =>
    ask(new TopicReader(connection, cluster.topic, partition)),
  )
}
