import type {
  KeyedChange,
  OrderQuery,
  SettledEvent,
  SettledOrder,
} from '../../../business/ports.ts'
import {
  type EventPlace,
  FIRST_PLACE,
  type PlacedEvent,
} from '../../../business/stream/settled-feed.ts'
import type { PublishedEvent, RecordKey } from '../../../models/order-event.ts'
import {
  areFoundById,
  countByIdStatement,
  type Dialect,
  listOrdersStatement,
} from '../list-orders.ts'
import type { Arguments } from '../operation.ts'
import {
  type KeyedChangeRow,
  type OrderRow,
  PLACED_EVENT,
  type PlacedEventRow,
  PUBLISHED_EVENT,
  type PublishedEventRow,
  type RecordKeyRow,
  SETTLED_EVENT,
  type SettledEventRow,
  toKeyedChange,
  toPlacedEvent,
  toPublishedEvent,
  toRecordKey,
  toSettledEvent,
  toSettledOrder,
} from '../order-row.ts'
import type { Query } from './connection.ts'
import { selected } from './event-columns.ts'

/** Every statement that only reads. */

const FIND_ORDERS = {
  name: 'find-orders',
  text: `
    SELECT orders.order_id AS "orderId", orders.version, state
    FROM orders JOIN order_events USING (order_id, version)
    WHERE orders.order_id = ANY ($1::text[])`,
}

export async function findOrders(
  query: Query,
  calls: readonly Arguments<'findOrder'>[],
): Promise<readonly (SettledOrder | undefined)[]> {
  const ids = calls.flat()
  const rows = await query<OrderRow>(FIND_ORDERS, [ids])
  const found = new Map<string, OrderRow>(rows.map((row) => [row.orderId, row]))
  return ids.map((id) => {
    const row = found.get(id)
    return row && toSettledOrder(row)
  })
}

const DIALECT: Dialect = {
  placeholder: (number) => `$${number}`,
  orderColumn: 'order_id',
}

export async function listOrders(
  query: Query,
  filters: OrderQuery,
): Promise<readonly SettledOrder[]> {
  const question = countByIdStatement(filters, DIALECT)
  const [answer] = question
    ? await query<{ readonly count: number }>({ text: question.text }, question.parameters)
    : []
  const byId = areFoundById(answer?.count)
  const { text, parameters } = listOrdersStatement(filters, DIALECT, byId)
  return (await query<OrderRow>({ text }, parameters)).map(toSettledOrder)
}

export async function listEvents(
  query: Query,
  ...[orderId, afterVersion, limit]: Arguments<'listEvents'>
): Promise<readonly SettledEvent[]> {
  const text = `
    SELECT ${selected(SETTLED_EVENT)}
    FROM order_events
    WHERE order_id = $1 AND version > $2 AND topic_offset IS NOT NULL
    ORDER BY version
    LIMIT $3`
  return (await query<SettledEventRow>({ text }, [orderId, afterVersion, limit])).map(
    toSettledEvent,
  )
}

export async function findEvent(
  query: Query,
  ...[orderId, version]: Arguments<'findEvent'>
): Promise<PublishedEvent | undefined> {
  const text = `
    SELECT ${selected(PUBLISHED_EVENT)}
    FROM order_events
    WHERE order_id = $1 AND version = $2 AND topic_offset IS NOT NULL`
  const [row] = await query<PublishedEventRow>({ text }, [orderId, version])
  return row && toPublishedEvent(row)
}

export async function listRecordKeys(
  query: Query,
  ...[orderId]: Arguments<'listRecordKeys'>
): Promise<readonly RecordKey[]> {
  const text = `
    SELECT DISTINCT order_id AS "orderId", topic, topic_partition AS partition, key
    FROM order_events
    WHERE order_id = $1 AND topic_offset IS NOT NULL`
  return (await query<RecordKeyRow>({ text }, [orderId])).map(toRecordKey)
}

/**
 * Transactions do not commit in the order of their numbers. But every one that this statement does
 * not see has a number from here up (`xmin` of its snapshot), so below it nothing can be added.
 * Any transaction of the whole server that writes, as long as it is open, keeps this number from rising.
 */
const OLDEST_UNDER_WAY = 'pg_snapshot_xmin(pg_current_snapshot())::text::bigint'

const LIST_SETTLED = {
  name: 'list-settled',
  text: `
    SELECT ${selected(PLACED_EVENT)}
    FROM order_events
    WHERE topic_offset IS NOT NULL AND (settled_in, id) > ($1::bigint, $2::bigint)
      AND settled_in < ${OLDEST_UNDER_WAY}
    ORDER BY settled_in, id
    LIMIT $3`,
}

export async function listSettled(
  query: Query,
  { settling, arrival }: EventPlace,
  limit: number,
): Promise<readonly PlacedEvent[]> {
  return (await query<PlacedEventRow>(LIST_SETTLED, [settling, arrival, limit])).map(toPlacedEvent)
}

export async function findLastPlace(query: Query): Promise<EventPlace> {
  const text = `
    SELECT ${selected(['settling', 'arrival'])}
    FROM order_events
    WHERE topic_offset IS NOT NULL AND settled_in < ${OLDEST_UNDER_WAY}
    ORDER BY settled_in DESC, id DESC
    LIMIT 1`
  return (await query<EventPlace>({ text }))[0] ?? FIRST_PLACE
}

export async function findRetiredPlace(query: Query): Promise<EventPlace> {
  const text = 'SELECT settling, arrival FROM retired_events'
  return (await query<EventPlace>({ text }))[0] ?? FIRST_PLACE
}

const FIND_KEYED_CHANGES = {
  name: 'find-keyed-changes',
  text: `
    SELECT idempotency_key AS key, order_id AS "orderId", version,
           request_fingerprint AS fingerprint, topic_offset IS NOT NULL AS "isSettled",
           CASE
             WHEN (idempotency_key, request_fingerprint) IN (
               SELECT * FROM unnest($1::text[], $2::text[])
             ) THEN state
           END AS state
    FROM order_events
    WHERE idempotency_key = ANY ($1::text[]) AND idempotency_key IS NOT NULL`,
}

export async function findKeyedChanges(
  query: Query,
  calls: readonly Arguments<'findKeyedChange'>[],
): Promise<readonly (KeyedChange | 'other-request' | undefined)[]> {
  const asked = calls.flat()
  const keys = asked.map(({ idempotencyKey }) => idempotencyKey)
  const fingerprints = asked.map(({ fingerprint }) => fingerprint)
  const rows = await query<KeyedChangeRow & { readonly key: string }>(FIND_KEYED_CHANGES, [
    keys,
    fingerprints,
  ])
  const found = new Map<string, KeyedChangeRow>(rows.map((row) => [row.key, row]))
  return asked.map((retryKey) => {
    const row = found.get(retryKey.idempotencyKey)
    return row && toKeyedChange(row, retryKey)
  })
}

export async function findSchemaId(
  query: Query,
  ...values: Arguments<'findSchemaId'>
): Promise<number | undefined> {
  const text = `
    SELECT schema_id AS "schemaId" FROM schema_ids WHERE subject = $1 AND fingerprint = $2`
  const rows = await query<{ readonly schemaId: number }>({ text }, values)
  return rows[0]?.schemaId
}
