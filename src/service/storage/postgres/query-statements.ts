import type { OrderQuery } from '../../../business/ports.ts'
import type { EventPlace } from '../../../business/stream/settled-feed.ts'
import { listOrdersStatement } from '../list-orders.ts'
import type {
  KeyedChangeRow,
  OrderRow,
  PlacedEventRow,
  PublishedEventRow,
  SettledEventRow,
} from '../order-row.ts'
import type { Query } from './connection.ts'
import type { OperationOf } from './statement-groups.ts'

/** Every statement that only reads. */

/** As JavaScript writes it. */
const SETTLED_AT = `to_char(settled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const FIND_ORDERS = {
  name: 'find-orders',
  text: `
    SELECT orders.order_id AS "orderId", orders.version, state
    FROM orders JOIN order_events USING (order_id, version)
    WHERE orders.order_id = ANY ($1::text[])`,
}

export async function findOrders(
  query: Query,
  operations: readonly OperationOf<'find-order'>[],
): Promise<readonly (OrderRow | undefined)[]> {
  const ids = operations.map(({ orderId }) => orderId)
  const rows = await query<OrderRow & { readonly orderId: string }>(FIND_ORDERS, [ids])
  const found = new Map(rows.map(({ orderId, version, state }) => [orderId, { version, state }]))
  return ids.map((id) => found.get(id))
}

export function listOrders(query: Query, filters: OrderQuery): Promise<readonly OrderRow[]> {
  const { text, parameters } = listOrdersStatement(filters, (number) => `$${number}`)
  return query<OrderRow>({ text }, parameters)
}

export function listEvents(
  query: Query,
  { ofOrder, afterVersion, limit }: OperationOf<'list-events'>,
): Promise<readonly SettledEventRow[]> {
  const text = `
    SELECT event_id AS "eventId", type, version, time, state ->> 'status' AS status, topic,
           topic_partition AS "partition", topic_offset AS "offset", schema_id AS "schemaId"
    FROM order_events
    WHERE order_id = $1 AND version > $2 AND topic_offset IS NOT NULL
    ORDER BY version
    LIMIT $3`
  return query<SettledEventRow>({ text }, [ofOrder, afterVersion, limit])
}

export async function findEvent(
  query: Query,
  { ofOrder, version }: OperationOf<'find-event'>,
): Promise<PublishedEventRow | undefined> {
  const text = `
    SELECT event_id AS "eventId", type, version, time, traceparent, topic,
           topic_partition AS "partition", topic_offset AS "offset",
           ${SETTLED_AT} AS "settledAt",
           schema_id AS "schemaId", key, value, state
    FROM order_events
    WHERE order_id = $1 AND version = $2 AND topic_offset IS NOT NULL`
  const rows = await query<PublishedEventRow>({ text }, [ofOrder, version])
  return rows[0]
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
    SELECT settled_in AS settling, id AS arrival, event_id AS "eventId", type, version, time, topic,
           topic_partition AS "partition", topic_offset AS "offset", schema_id AS "schemaId", state,
           ${SETTLED_AT} AS "settledAt"
    FROM order_events
    WHERE topic_offset IS NOT NULL AND (settled_in, id) > ($1::bigint, $2::bigint)
      AND settled_in < ${OLDEST_UNDER_WAY}
    ORDER BY settled_in, id
    LIMIT $3`,
}

export function listSettled(
  query: Query,
  { after, limit }: OperationOf<'list-settled'>,
): Promise<readonly PlacedEventRow[]> {
  return query<PlacedEventRow>(LIST_SETTLED, [after.settling, after.arrival, limit])
}

export async function findLastPlace(query: Query): Promise<EventPlace | undefined> {
  const text = `
    SELECT settled_in AS settling, id AS arrival
    FROM order_events
    WHERE topic_offset IS NOT NULL AND settled_in < ${OLDEST_UNDER_WAY}
    ORDER BY settled_in DESC, id DESC
    LIMIT 1`
  return (await query<EventPlace>({ text }))[0]
}

export async function findKeyedChange(
  query: Query,
  idempotencyKey: string,
): Promise<KeyedChangeRow | undefined> {
  const rows = await query<KeyedChangeRow>(
    {
      name: 'find-keyed-change',
      text: `
        SELECT version, state, request_fingerprint AS fingerprint,
               topic_offset IS NOT NULL AS "isSettled"
        FROM order_events
        WHERE idempotency_key = $1`,
    },
    [idempotencyKey],
  )
  return rows[0]
}

export async function findSchemaId(
  query: Query,
  { subject, fingerprint }: OperationOf<'find-schema-id'>,
): Promise<number | undefined> {
  const text = `
    SELECT schema_id AS "schemaId" FROM schema_ids WHERE subject = $1 AND fingerprint = $2`
  const rows = await query<{ readonly schemaId: number }>({ text }, [subject, fingerprint])
  return rows[0]?.schemaId
}
