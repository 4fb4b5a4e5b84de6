import { NOBODY } from '../../../models/order.ts'
import type { EventRow, StoredEventRow } from '../order-row.ts'
import { type ElementType, toArrayParameter } from './array-parameters.ts'

interface Column {
  readonly name: string
  readonly type: ElementType | 'json'
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

/**
 * Of an event whose customer was erased. Its bytes have the customer; the idempotency key and the
 * principal of its request may name a person, too.
 */
export const ERASED_COLUMNS = `
  value = '', state = jsonb_set(state::jsonb, '{1}', to_jsonb('${NOBODY}'::text))::json,
  principal = NULL, idempotency_key = NULL, request_fingerprint = NULL`

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

/** The columns that a reservation fills, in the order of {@link reservedArrays}. */
export const RESERVED_COLUMNS = COLUMNS.map(({ name }) => name).join(', ')

/** Rows of these columns, from arrays that are the parameters from `first` on. */
export function unnestReserved(first: number): string {
  return COLUMNS.map(({ type }, index) => `$${first + index}::${askedType(type)}[]`).join(', ')
}

/** The values of {@link RESERVED_COLUMNS} of a row of {@link unnestReserved}. */
export const RESERVED_VALUES = COLUMNS.map(({ name, type }) =>
  type === 'json' ? `${name}::json` : name,
).join(', ')

/** One parameter for each column. */
export function reservedArrays(rows: readonly EventRow[]): readonly Buffer[] {
  return NAMES.map((name) =>
    toArrayParameter(askedType(RESERVED[name].type), rows, (row) => row[name]),
  )
}

function askedType(type: Column['type']): ElementType {
  return type === 'json' ? 'text' : type
}
