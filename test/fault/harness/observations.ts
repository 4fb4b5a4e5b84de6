import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import avro from 'avsc'
import { readRecords } from '../../support/read-topic.ts'
import type { StoredOrderRow, StoreReader } from './store-reader.ts'

/** A record on the topic, as a consumer would understand it, without its bytes. */
export interface TopicEvent {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  readonly type: string
  readonly traceparent: string
  readonly partition: number
  readonly offset: number
  /** Of key, headers and value. */
  readonly digest: string
  readonly valueDigest: string
  /** The order of the value, as JSON. */
  readonly order: string
  readonly status: string
}

/** A row of the store, without its bytes. */
export interface StoredEvent {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  readonly valueDigest: string
  readonly partition: number
  readonly offset: number | null
}

export interface Observations {
  /** Partition by partition, in the order of offsets. */
  readonly topic: readonly TopicEvent[]
  readonly storedEvents: readonly StoredEvent[]
  readonly storedOrders: readonly StoredOrderRow[]
}

/** Byte 0 and the schema id. */
const WIRE_PREFIX_BYTES = 5

// By the published schema, not by the code of the service: it is the service that is in question.
const ORDER = avro.Type.forSchema(
  JSON.parse(
    readFileSync(new URL('../../../schemas/order.avsc', import.meta.url), 'utf8'),
  ) as avro.Schema,
)

/** Reads the whole topic past every proxy, and the store past the service. */
export async function observe(
  bootstrapServers: string,
  topic: string,
  store: StoreReader,
): Promise<Observations> {
  return {
    topic: await Array.fromAsync(readTopicEvents(bootstrapServers, topic)),
    storedEvents: await Array.fromAsync(readStoredEvents(store)),
    storedOrders: await Array.fromAsync(store.orders()),
  }
}

async function* readTopicEvents(
  bootstrapServers: string,
  topic: string,
): AsyncGenerator<TopicEvent> {
  for await (const record of readRecords(bootstrapServers, topic)) {
    const { partition, offset, key, value, headers } = record
    const order = ORDER.fromBuffer(value.subarray(WIRE_PREFIX_BYTES)) as { status: string }
    const names = Object.entries(headers)
    yield {
      eventId: headers['ce_id'] ?? '',
      orderId: key,
      version: Number(headers['ce_sequence']),
      type: headers['ce_type'] ?? '',
      traceparent: headers['traceparent'] ?? '',
      partition,
      offset,
      digest: digest(Buffer.from(JSON.stringify([key, names])), value),
      valueDigest: digest(value),
      order: JSON.stringify(order),
      status: order.status,
    }
  }
}

async function* readStoredEvents(store: StoreReader): AsyncGenerator<StoredEvent> {
  for await (const { value, ...row } of store.events()) {
    yield { ...row, valueDigest: digest(value) }
  }
}

function digest(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest('base64')
}
