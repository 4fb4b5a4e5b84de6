import type { EventRow, StoredEventRow } from '../order-row.ts'

interface Column {
  readonly name: string
  readonly type: 'text' | 'integer' | 'bigint' | 'bytea' | 'json'
}

/** The columns of `order_events` by their names here. A column is named once. */
const RESERVED = {
  eventId: { name: 'event_id', type: 'text' },
  orderId: { name: 'order_id', type: 'text' },
  version: { name: 'version', type: 'integer' },
  time: { name: 'time', type: 'bigint' },
  traceparent: { name: 'traceparent', type: 'text' },
  principal: { name: 'principal', type: 'text' },
  topic: { name: 'topic', type: 'text' },
  partition: { name: 'topic_partition', type: 'integer' },
  searchFromOffset: { name: 'search_from_offset', type: 'bigint' },
  producerId: { name: 'producer_id', type: 'bigint' },
  producerEpoch: { name: 'producer_epoch', type: 'integer' },
  schemaId: { name: 'schema_id', type: 'integer' },
  key: { name: 'key', type: 'bytea' },
  value: { name: 'value', type: 'bytea' },
  state: { name: 'state', type: 'json' },
  idempotencyKey: { name: 'idempotency_key', type: 'text' },
  requestFingerprint: { name: 'request_fingerprint', type: 'text' },
} satisfies Record<keyof EventRow, Column>

/** Of what is read besides. */
const DERIVED = {
  status: 'state ->> 0',
  offset: 'topic_offset',
  settledAt: 'floor(extract(epoch FROM settled_at) * 1000)::bigint',
  settling: 'settled_in',
  arrival: 'id',
} satisfies Record<Exclude<keyof StoredEventRow, keyof EventRow>, string>

const COLUMNS: readonly Column[] = Object.values(RESERVED)

const NAMES = Object.keys(RESERVED) as (keyof EventRow)[]

/** The list of a SELECT whose rows have these names. */
export function selected(names: readonly (keyof StoredEventRow)[]): string {
  return names.map((name) => `${expressionOf(name)} AS "${name}"`).join(', ')
}

function expressionOf(name: keyof StoredEventRow): string {
  return name in DERIVED
    ? DERIVED[name as keyof typeof DERIVED]
    : RESERVED[name as keyof EventRow].name
}

/** All that is known of an event once it is reserved. */
export const SELECT_RESERVED = selected(NAMES)

/** An event row as JSON has it: bytes as hex, the state as a text. */
export const ASKED_FIELDS = NAMES.map((name) => `"${name}" ${askedType(RESERVED[name])}`).join(', ')

/** These fields under the names of their columns. */
export const ASKED_COLUMNS = COLUMNS.map(({ name }) => name).join(', ')

/** The stored values of {@link ASKED_COLUMNS}, in their order. */
export const STORED_VALUES = COLUMNS.map(storedValue).join(', ')

function askedType({ type }: Column): string {
  return type === 'bytea' || type === 'json' ? 'text' : type
}

function storedValue({ name, type }: Column): string {
  switch (type) {
    case 'bytea':
      return `decode(${name}, 'hex')`
    case 'json':
      return `${name}::json`
    case 'text':
    case 'integer':
    case 'bigint':
      return name
  }
}
