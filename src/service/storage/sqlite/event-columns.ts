import type { SQLInputValue } from 'node:sqlite'

import { NOBODY } from '../../../models/order.ts'
import type { EventRow, StoredEventRow } from '../order-row.ts'

/** The columns of `order_events` by their names here. A column is named once. */
const RESERVED = {
  eventId: 'event_id',
  orderId: 'order_id',
  version: 'version',
  time: 'time',
  traceparent: 'traceparent',
  principal: 'principal',
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
  status: 'state ->> 0',
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

/**
 * Of an event whose customer was erased. Its bytes have the customer; the idempotency key and the
 * principal of its request may name a person, too.
 */
export const ERASED_COLUMNS = `
  value = x'', state = json_set(state, '$[1]', '${NOBODY}'), principal = NULL,
  idempotency_key = NULL, request_fingerprint = NULL`

const [OWNER, ORDER_ID, VERSION] = ['?1', parameterOf('orderId'), parameterOf('version')]

/** Inserts nothing unless the owner is the current instance, and the event is its order's next one. */
export const INSERT_EVENT = `
  INSERT INTO order_events (owner, ${Object.values(RESERVED).join(', ')})
  SELECT ${OWNER}, ${RESERVED_NAMES.map(parameterOf).join(', ')}
  WHERE EXISTS (SELECT 1 FROM current_instance WHERE instance_id = ${OWNER})
    AND ifnull((SELECT version FROM orders WHERE order_id = ${ORDER_ID}), 0) = ${VERSION} - 1
  ON CONFLICT DO NOTHING`

function parameterOf(name: keyof EventRow): string {
  return `?${RESERVED_NAMES.indexOf(name) + 2}`
}

/** For {@link INSERT_EVENT}. */
export function insertedValues(row: EventRow, owner: string): readonly SQLInputValue[] {
  return [owner, ...RESERVED_NAMES.map((name) => row[name])]
}
