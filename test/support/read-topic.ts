import { connectToBroker, dropConnection } from '../../src/service/kafka/broker-connection.ts'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import type { RecordBytes } from '../../src/service/kafka/record-cursor.ts'
import { TopicReader } from '../../src/service/kafka/topic-reader.ts'

/** One record as it is on the topic. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** The same as the client gave it: with nulls, and with headers of one name. */
  readonly record: RecordBytes
}

const READ_TIMEOUT_MS = 120_000
const READ_TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 10_000 }

/** The whole topic, straight from the broker: partition by partition, in the order of offsets. */
export async function readTopic(bootstrapServers: string, topic: string): Promise<ReadRecord[]> {
  return Array.fromAsync(readRecords(bootstrapServers, topic))
}

/** The same, one by one, for a topic that need not fit into memory. */
export async function* readRecords(
  bootstrapServers: string,
  topic: string,
): AsyncGenerator<ReadRecord> {
  const brokers = bootstrapServers.split(',').map((address) => {
    const [host = '', port] = address.split(':')
    return { host, port: Number(port) }
  })
  const cluster = new KafkaCluster('test-reader', topic, brokers)
  const { partitionCount } = await cluster.refresh()
  for (let partition = 0; partition < partitionCount; partition += 1) {
    yield* readPartition(cluster, partition)
  }
}

async function* readPartition(
  cluster: KafkaCluster,
  partition: number,
): AsyncGenerator<ReadRecord> {
  const { broker } = await cluster.leaderOf(partition)
  const connection = await connectToBroker(cluster.clientId, broker, READ_TIMEOUTS, cluster.access)
  try {
    const reader = new TopicReader(connection, cluster.topic, partition)
    const end = await reader.endOffset()
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS)
    for await (const { offset, record } of reader.read(0, end, signal)) {
      const headers = record.headers.map(([name, value]) => [String(name), String(value)])
      yield {
        partition,
        offset,
        key: String(record.key),
        value: record.value ?? Buffer.alloc(0),
        headers: Object.fromEntries(headers) as Record<string, string>,
        record,
      }
    }
  } finally {
    dropConnection(connection)
  }
}
