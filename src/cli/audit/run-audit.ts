import { createHash } from 'node:crypto'
import {
  createCluster,
  listPendingEvents,
  listRetired,
  readStoredEvents,
} from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import type { KafkaCluster } from '../../service/kafka/cluster.ts'
import { readRecordedEvent } from '../../service/kafka/recorded-event.ts'
import { findLargeEvents, type LargeEvent } from '../../service/kafka/record-size.ts'
import { readEventId } from '../../service/kafka/event-headers.ts'
import { isCompacted, readTombstone } from '../../service/kafka/tombstones.ts'
import { readClusterFacts } from '../../service/kafka/topic-facts.ts'
import { readRanges, readRangesOf, type PlacedRecord } from '../../service/kafka/topic-ranges.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { systemClock } from '../../service/system.ts'
import { Audit, type AuditReport } from './judge.ts'

/** So much of a SHA-256 distinguishes values, and those of a million events fit in memory. */
const DIGEST_BYTES = 16

function digestOf(value: Uint8Array): string {
  return createHash('sha256').update(value).digest().subarray(0, DIGEST_BYTES).toString('base64')
}

const SIZE_SETTING = 'max.message.bytes'

/** Of the pending events: one that is larger than the topic allows is never published. */
export interface SizeReport {
  /** Undefined where the brokers do not say. */
  readonly maxMessageBytes: number | undefined
  readonly tooLarge: readonly LargeEvent[]
}

/** Compares the topic with the store. `onProgress` hears what was read, how much, and of how many. */
export async function runAudit(
  config: Config,
  onProgress: (what: string, read: number, total?: number) => void,
): Promise<AuditReport & SizeReport> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is seen by its process alone')
  }
  const cluster = createCluster(config)
  // In this order: what is on the topic by now is in the store by then.
  const ranges = await readRanges({ cluster, clock: systemClock })
  const audit = new Audit(ranges, digestOf, await isCompacted(cluster))
  // Before the records, which take long: their result is not lost with this one.
  const sizes = await readSizes(config, cluster)
  let stored = 0
  for await (const event of readStoredEvents(config)) {
    audit.addStored(event)
    onProgress('read events of the store', (stored += 1))
  }
  audit.addRetired(await listRetired(config))
  const total = ranges.reduce((sum, { first, end }) => sum + end - first, 0)
  let read = 0
  const addRecord = ({ partition, offset, record }: PlacedRecord): void => {
    const eventId = readEventId(record.headers)
    const tombstoneOf = readTombstone(record)
    audit.addRecord({
      eventId,
      orderId: tombstoneOf ?? readRecordedEvent(record)?.orderId,
      value: record.value ?? new Uint8Array(),
      position: { partition, offset },
      isTombstone: tombstoneOf !== undefined,
    })
    onProgress('read records of the topic', (read += 1), total)
  }
  await readRangesOf(
    { cluster, clock: systemClock },
    ranges,
    addRecord,
    // Our own records stay within the bounds, but a record beyond them may lie between ours.
    ({ partition, firstOffset, reason }) =>
      audit.addUnreadable({ partition, offset: firstOffset }, `left out: it ${reason}`),
  )
  return { ...audit.report(), ...sizes }
}

async function readSizes(config: Config, cluster: KafkaCluster): Promise<SizeReport> {
  const { topic } = await readClusterFacts(cluster, [SIZE_SETTING])
  const setting = topic?.settings?.get(SIZE_SETTING)
  if (setting === undefined) return { maxMessageBytes: undefined, tooLarge: [] }
  const maxMessageBytes = Number(setting)
  const pending = await listPendingEvents(config)
  return { maxMessageBytes, tooLarge: findLargeEvents(pending, maxMessageBytes) }
}
