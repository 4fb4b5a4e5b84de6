import type { KafkaRecord } from '@platformatic/kafka'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { TopicReader } from '../../src/service/kafka/topic-reader.ts'

/** One record as it is on the topic. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** The same as the client gave it: with nulls, and with headers of one name. */
  readonly record: KafkaRecord
}

const READ_TIMEOUT_MS = 60_000

/** The whole topic, straight from the broker: partition by partition, in the order of offsets. */
export async function readTopic(bootstrapServers: string, topic: string): Promise<ReadRecord[]> {
  const [host = '', port] = bootstrapServers.split(':')
  const cluster = new KafkaCluster('test-reader', topic, [{ host, port: Number(port) }])
  const { partitionCount } = await cluster.refresh()
  const records: ReadRecord[] = []
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const leader = await cluster.leaderOf(partition)
    await cluster.withConnection(leader, async (connection) => {
      const reader = new TopicReader(connection, topic, partition)
      const end = await reader.endOffset()
      for await (const { offset, record } of reader.read(
        0,
        end,
        AbortSignal.timeout(READ_TIMEOUT_MS),
      )) {
        const headers = record.headers.map(([name, value]) => [String(name), String(value)])
        records.push({
          partition,
          offset,
          key: String(record.key),
          value: record.value ?? Buffer.alloc(0),
          headers: Object.fromEntries(headers) as Record<string, string>,
          record,
        })
      }
    })
  }
  return records
}
