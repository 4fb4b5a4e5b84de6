import type { EventPosition } from '../../models/order-event.ts'
import type { KafkaCluster } from './cluster.ts'
import { TopicReader } from './topic-reader.ts'

/** A service that writes framed keys writes them to all partitions. */
export const PARTITIONS_MAX = 32

/** A batch comes whole, however small this is. */
const FETCH_BYTES_MAX = 64 * 1024

const WIRE_MAGIC = 0
const FRAME_BYTES = 5

/** An order id holds no control character, so as UTF-8 no key begins with this byte. */
export function isFramed(key: Uint8Array | null): boolean {
  return key !== null && key.length > FRAME_BYTES && key[0] === WIRE_MAGIC
}

/**
 * A record whose key is in the wire format of the Schema Registry, among the first and the last of each
 * partition: the first is of those who wrote before this service, the last of those who write beside it.
 */
export async function findFramedKey(
  cluster: KafkaCluster,
  signal: AbortSignal,
): Promise<EventPosition | undefined> {
  const { partitionCount } = await cluster.refresh()
  for (let partition = 0; partition < Math.min(partitionCount, PARTITIONS_MAX); partition += 1) {
    const offset = await findInPartition(cluster, partition, signal)
    if (offset !== undefined) return { partition, offset }
  }
  return undefined
}

async function findInPartition(
  cluster: KafkaCluster,
  partition: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { broker } = await cluster.leaderOf(partition)
  return cluster.withConnection(broker, async (connection) => {
    const options = { fetchBytesMax: FETCH_BYTES_MAX }
    const reader = new TopicReader(connection, cluster.topic, partition, options)
    const first = await reader.firstOffset()
    const end = await reader.highWatermark()
    const places = end > first ? new Set([first, end - 1]) : []
    for (const place of places) {
      for await (const { offset, record } of reader.read(place, place + 1, signal)) {
        if (isFramed(record.key)) return offset
      }
    }
    return undefined
  })
}
