import { Producer } from '@platformatic/kafka'
import { ensureTopic } from '../../src/service/kafka/topic-admin.ts'
import { TopicReader } from '../../src/service/kafka/topic-reader.ts'
import { systemClock } from '../../src/service/system.ts'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { until } from './until.ts'

export interface PlantedRecord {
  readonly key?: Uint8Array
  readonly value?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly partition?: number
}

export function clusterOf(bootstrapServers: string, topic: string): KafkaCluster {
  const [host = '', port] = bootstrapServers.split(':')
  return new KafkaCluster('test-planter', topic, [{ host, port: Number(port) }])
}

export async function makeTopic(
  bootstrapServers: string,
  topic: string,
  partitionCount: number,
): Promise<void> {
  const wanted = { partitionCount, replicationFactor: undefined }
  const cluster = clusterOf(bootstrapServers, topic)
  await ensureTopic(cluster, wanted, systemClock)
  for (let partition = 0; partition < partitionCount; partition += 1) {
    // A broker that leads a new partition says for a moment that it does not.
    await until(async () => {
      const { broker } = await cluster.leaderOf(partition)
      await cluster.withConnection(broker, (connection) =>
        new TopicReader(connection, topic, partition).highWatermark(),
      )
      return true
    }, `partition ${partition} of ${topic} can be read`)
  }
}

/** Writes what no CartService would, one record after the other. */
export async function plantRecords(
  bootstrapServers: string,
  topic: string,
  records: readonly PlantedRecord[],
): Promise<void> {
  const producer = new Producer({
    clientId: 'test-planter',
    bootstrapBrokers: [bootstrapServers],
    retries: 10,
  })
  try {
    for (const { key, value, headers, partition } of records) {
      const message = {
        topic,
        ...(key && { key: Buffer.from(key) }),
        ...(value && { value: Buffer.from(value) }),
        ...(partition !== undefined && { partition }),
        headers: new Map(
          Object.entries(headers ?? {}).map(([name, text]) => [
            Buffer.from(name),
            Buffer.from(text),
          ]),
        ),
      }
      await producer.send({ messages: [message], acks: -1 })
    }
  } finally {
    await producer.close()
  }
}
