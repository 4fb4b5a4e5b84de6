import { createCluster, createRegistry } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import type { SkippedRecords } from '../../service/kafka/record-batches.ts'
import { readTombstone } from '../../service/kafka/tombstones.ts'
import { tailTopic, type TailedRecord, type TailStart } from '../../service/kafka/topic-tail.ts'
import {
  createRecordDecoder,
  type DecodeRecord,
} from '../../service/schema-registry/record-decoder.ts'
import { systemClock } from '../../service/system.ts'

/** A record as people and programs read it. */
export interface ReadableRecord {
  /** Decoded where KAFKA_KEY_FORMAT says that it is Avro; null: the record has none. */
  readonly key: string | null
  readonly partition: number
  readonly offset: number
  /** ISO 8601, UTC; null: it has none, or one that is no time. */
  readonly timestamp: string | null
  readonly headers: Readonly<Record<string, string | null>>
  /** Undefined where the value names none. */
  readonly schemaId: number | undefined
  /** Decoded by the schema that the value names; undefined where that was not possible, null: it has none. */
  readonly value: unknown
  /** Why the value could not be decoded. */
  readonly problem?: { readonly reason: string; readonly hexPrefix: string }
}

export interface WatchTopicOptions {
  readonly start: TailStart
  readonly endsAtEnd: boolean
  readonly onRecord: (record: ReadableRecord) => void
  /** Undefined: the partition can be read again. */
  readonly onTrouble: (partition: number, reason: string | undefined) => void
  readonly signal: AbortSignal
}

/** Follows the topic as an onlooker. Rejects with a sentence when it cannot be found at the start. */
export async function watchTopic(config: Config, options: WatchTopicOptions): Promise<void> {
  const client = createRegistry(config)
  const decode = createRecordDecoder({ client, clock: systemClock })
  const cluster = createCluster(config)
  // Who ends it does not wait for a registry that is silent.
  options.signal.addEventListener('abort', () => client.close(), { once: true })
  const decodeKey = config.kafkaKeyFormat === 'avro' ? decode : undefined
  try {
    await tailTopic(
      { cluster, clock: systemClock },
      {
        ...options,
        onRecord: async (record) => {
          const readable = await readableRecord(record, decode, decodeKey)
          if (!options.signal.aborted) options.onRecord(readable)
        },
        onSkipped: (skipped) => options.onRecord(describeSkipped(skipped)),
      },
    )
  } finally {
    client.close()
  }
}

async function readableRecord(
  { partition, offset, timestampMs, record }: TailedRecord,
  decode: DecodeRecord,
  decodeKey: DecodeRecord | undefined,
): Promise<ReadableRecord> {
  const decoded = record.value === null ? undefined : await decode(record.value)
  const common = {
    key: await readKey(record.key, decodeKey),
    partition,
    offset,
    timestamp: isoTime(timestampMs),
    headers: Object.fromEntries(
      record.headers.map(([name, value]) => [String(name), value === null ? null : String(value)]),
    ),
    schemaId: decoded?.schemaId,
  }
  if (readTombstone(record) !== undefined) return { ...common, value: null }
  if (decoded === undefined) {
    return { ...common, value: null, problem: { reason: 'it has no value', hexPrefix: '' } }
  }
  if (decoded.kind === 'decoded') return { ...common, value: decoded.value }
  const { reason, hexPrefix } = decoded
  return { ...common, value: undefined, problem: { reason, hexPrefix } }
}

/** In the place of them all. */
function describeSkipped({
  partition,
  firstOffset,
  lastOffset,
  reason,
}: SkippedRecords & { readonly partition: number }): ReadableRecord {
  const until = lastOffset === firstOffset ? '' : ` up to offset ${lastOffset}`
  return {
    key: null,
    partition,
    offset: firstOffset,
    timestamp: null,
    headers: {},
    schemaId: undefined,
    value: undefined,
    problem: { reason: `left out${until}: it ${reason}`, hexPrefix: '' },
  }
}

/** Any producer can set any number. */
function isoTime(timestampMs: number): string | null {
  const time = new Date(timestampMs)
  return timestampMs < 0 || Number.isNaN(time.getTime()) ? null : time.toISOString()
}

async function readKey(
  key: Buffer | null,
  decodeKey: DecodeRecord | undefined,
): Promise<string | null> {
  if (key === null) return null
  const decoded = await decodeKey?.(key)
  const isText = decoded?.kind === 'decoded' && typeof decoded.value === 'string'
  return isText ? decoded.value : key.toString()
}
