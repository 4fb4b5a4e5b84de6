import type { SQLInputValue } from 'node:sqlite'

import type { EventRow, StoredEventRow } from '../order-row.ts'

/** The columns of `order_events` by their names here. A column is named once. */
const RESERVED = {
  eventId: 'event_id',
  orderId: 'order_id',
  version: 'version',
  type: 'type',
  time: 'time',
  traceparent: 'traceparent',
  topic: 'topic',
  partition: 'topic_partition',
  searchFromOffset: 'search_from_offset',
  producerId: 'producer_id',
  producerEpoch: 'producer_epoch',
  schemaId: 'schema_id',
  key: 'key',
  value: 'value',
  state: 'state',
  idempotencyKey: 'idempotency_key',
  requestFingerprint: 'request_fingerprint',
} satisfies Record<keyof EventRow, string>

const STORED: Readonly<Record<keyof StoredEventRow, string>> = {
  ...RESERVED,
  status: `state ->> '$.status'`,
  offset: 'topic_offset',
  settledAt: 'settled_at',
  settling: 'settled_in',
  arrival: 'id',
}

const RESERVED_NAMES = Object.keys(RESERVED) as (keyof EventRow)[]

/** The list of a SELECT whose rows have these names. */
export function selected(names: readonly (keyof StoredEventRow)[]): string {
  return names.map((name) => `${STORED[name]} AS "${name}"`).join(', ')
}

/** All that is known of an event once it is reserved. */
export const SELECT_RESERVED = selected(RESERVED_NAMES)

export const INSERT_EVENT = `
  INSERT INTO order_events (owner, ${Object.values(RESERVED).join(', ')})
  VALUES (?, ${RESERVED_NAMES.map(() => '?').join(', ')})`

/** For {@link INSERT_EVENT}. */
export function insertedValues(row: EventRow, owner: string): readonly SQLInputValue[] {
  return [owner, ...RESERVED_NAMES.map((name) => row[name])]
}
