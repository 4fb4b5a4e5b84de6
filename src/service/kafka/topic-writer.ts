import { produceV8, type MessageRecord } from '@platformatic/kafka'
import type { OrderEvent, EncodedEvent } from '../../models/order-event.ts'
import { describeError } from './broker-errors.ts'
import type { KafkaCluster } from './cluster.ts'
import { eventHeaders } from './event-headers.ts'
import { partitionOf } from './partitioner.ts'

const ACKS_ALL = -1

/** How long the broker may wait for followers. */
const REPLICATION_TIMEOUT_MS = 1_000

/** Says that a record is a copy, and since when. */
const REPLAYED_HEADER = Buffer.from('ce_replayed')

export interface CopiedEvent {
  readonly event: OrderEvent
  readonly encoded: EncodedEvent
}

/**
 * Writes copies of events to a topic that no service writes: without a producer id and without another
 * try, so a copy may stand there twice after a failure, with the same `ce_id`. In the order that they
 * are given in, for each partition.
 */
export async function writeCopies(
  cluster: KafkaCluster,
  events: readonly CopiedEvent[],
  replayedAt: Date,
): Promise<void> {
  const { partitionCount } = await cluster.refresh()
  await writeRecords(
    cluster,
    events.map((event) => toRecord(cluster.topic, partitionCount, event, replayedAt)),
  )
}

/** Acknowledged by all replicas in sync. In their order, for each partition. */
export async function writeRecords(
  cluster: KafkaCluster,
  records: readonly MessageRecord[],
): Promise<void> {
  for (const [partition, batch] of Map.groupBy(records, (record) => record.partition ?? 0)) {
    const { broker } = await cluster.leaderOf(partition)
    await cluster.withConnection(broker, async (connection) => {
      try {
        await produceV8.api.async(connection, ACKS_ALL, REPLICATION_TIMEOUT_MS, batch, {})
      } catch (error) {
        const reason = describeError(error)
        throw new Error(`partition ${partition} of ${cluster.topic}: ${reason}`, { cause: error })
      }
    })
  }
}

function toRecord(
  topic: string,
  partitionCount: number,
  { event, encoded }: CopiedEvent,
  replayedAt: Date,
): MessageRecord {
  const headers = eventHeaders(event)
  headers.set(REPLAYED_HEADER, Buffer.from(replayedAt.toISOString()))
  return {
    topic,
    partition: partitionOf(encoded.key, partitionCount),
    key: asBuffer(encoded.key),
    value: asBuffer(encoded.value),
    headers,
    timestamp: BigInt(Math.min(Date.parse(event.time), replayedAt.getTime())),
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
