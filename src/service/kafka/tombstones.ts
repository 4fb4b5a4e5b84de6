/**
 * A record with the key of an order and no value: on a compacted topic Kafka keeps nothing before it, and
 * after a time not even it. Where the topic is not compacted it would only be one more record.
 */
import type { MessageRecord } from '@platformatic/kafka'
import type { TombstoneResult } from '../../business/order/erase-order.ts'
import type { Clock, IdSource } from '../../business/ports.ts'
import type { RecordKey } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import type { KafkaCluster } from './cluster.ts'
import { EVENT_SOURCE } from './recorded-event.ts'
import type { RecordBytes } from './record-cursor.ts'
import { readClusterFacts } from './topic-facts.ts'
import { writeRecords } from './topic-writer.ts'

const CLEANUP_SETTING = 'cleanup.policy'

/** No event has it: a tombstone has no version, and is none of the order's events. */
const ERASED_TYPE = 'com.ecommerce.order.erased'

export interface TombstoneDeps {
  readonly cluster: KafkaCluster
  readonly clock: Pick<Clock, 'now'>
  readonly ids: IdSource
}

/** Undefined where the settings of the topic may not be read, or there is no topic. */
export async function isCompacted(cluster: KafkaCluster): Promise<boolean | undefined> {
  const { topic } = await readClusterFacts(cluster, [CLEANUP_SETTING])
  return topic?.settings?.get(CLEANUP_SETTING)?.split(',').includes('compact')
}

/**
 * See `WriteTombstones`. Rejects where one was not acknowledged; twice is once. Skips the keys of a former
 * KAFKA_TOPIC: this service writes to its topic alone.
 */
export async function writeTombstones(
  { cluster, clock, ids }: TombstoneDeps,
  orderId: OrderId,
  keys: readonly RecordKey[],
): Promise<TombstoneResult> {
  const own = keys.filter(({ topic }) => topic === cluster.topic)
  if (own.length === 0) return 'no-record'
  const isWanted = await isCompacted(cluster)
  if (isWanted === undefined) return 'not-known'
  if (!isWanted) return 'not-compacted'
  const records = own.map(({ partition, key }): MessageRecord => {
    return {
      topic: cluster.topic,
      partition,
      key: Buffer.from(key),
      // The library's type knows no tombstones; what it writes does.
      value: null as unknown as Buffer,
      headers: headersOf(orderId, ids.nextEventId(), clock.now()),
      timestamp: BigInt(clock.now().getTime()),
    }
  })
  await writeRecords(cluster, records)
  return 'written'
}

/** The attributes of every CloudEvent, and no `ce_sequence`. */
function headersOf(orderId: OrderId, id: string, time: Date): Map<Buffer, Buffer> {
  const texts = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: EVENT_SOURCE,
    ce_type: ERASED_TYPE,
    ce_time: time.toISOString(),
    ce_subject: orderId,
  }
  return new Map(
    Object.entries(texts).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
  )
}

/** The order of a tombstone of this service; undefined where the record is none. */
export function readTombstone({ value, headers }: RecordBytes): string | undefined {
  if (value !== null) return undefined
  const texts = new Map(headers.map(([name, text]) => [String(name), String(text ?? '')]))
  if (texts.get('ce_source') !== EVENT_SOURCE || texts.get('ce_type') !== ERASED_TYPE) {
    return undefined
  }
  return texts.get('ce_subject')
}
