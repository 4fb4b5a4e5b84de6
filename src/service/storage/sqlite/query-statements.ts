import type { DatabaseSync } from 'node:sqlite'

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

export type QueryStatements = ReturnType<typeof prepareQueryStatements>

const PLACED_COLUMNS = `
  settled_in AS settling, id AS arrival, event_id AS eventId, type, version, time, topic,
  topic_partition AS "partition", topic_offset AS "offset", schema_id AS schemaId, state,
  settled_at AS settledAt`

/** Every statement that only reads, prepared once per connection where its text is always the same. */
export function prepareQueryStatements(db: DatabaseSync) {
  const findOrder = db.prepare(`
    SELECT orders.version, order_events.state
    FROM orders JOIN order_events USING (order_id, version)
    WHERE orders.order_id = ?`)

  const listEvents = db.prepare(`
    SELECT event_id AS eventId, type, version, time, state ->> '$.status' AS status, topic,
           topic_partition AS "partition", topic_offset AS "offset", schema_id AS schemaId
    FROM order_events
    WHERE order_id = ? AND version > ? AND topic_offset IS NOT NULL
    ORDER BY version
    LIMIT ?`)

  const findEvent = db.prepare(`
    SELECT event_id AS eventId, type, version, time, traceparent, topic,
           topic_partition AS "partition", topic_offset AS "offset", settled_at AS settledAt,
           schema_id AS schemaId, key, value, state
    FROM order_events
    WHERE order_id = ? AND version = ? AND topic_offset IS NOT NULL`)

  // In two parts: SQLite would look (settled_in, id) > (?, ?) up by settled_in alone, and walk through
  // all that were settled before it was recorded.
  const listSettled = db.prepare(`
    SELECT * FROM (
      SELECT ${PLACED_COLUMNS}
      FROM order_events INDEXED BY order_events_settled
      WHERE topic_offset IS NOT NULL AND settled_in = ?1 AND id > ?2
      ORDER BY id
      LIMIT ?3)
    UNION ALL
    SELECT * FROM (
      SELECT ${PLACED_COLUMNS}
      FROM order_events INDEXED BY order_events_settled
      WHERE topic_offset IS NOT NULL AND settled_in > ?1
      ORDER BY settled_in, id
      LIMIT ?3)
    ORDER BY settling, arrival
    LIMIT ?3`)

  const findLastPlace = db.prepare(`
    SELECT settled_in AS settling, id AS arrival
    FROM order_events INDEXED BY order_events_settled
    WHERE topic_offset IS NOT NULL
    ORDER BY settled_in DESC, id DESC
    LIMIT 1`)

  const findKeyedChange = db.prepare(`
    SELECT version, state, request_fingerprint AS fingerprint, topic_offset IS NOT NULL AS isSettled
    FROM order_events
    WHERE idempotency_key = ?`)

  const findSchemaId = db.prepare(`
    SELECT schema_id AS schemaId FROM schema_ids WHERE subject = ? AND fingerprint = ?`)

  const isInstance = db.prepare('SELECT 1 FROM current_instance WHERE instance_id = ?')

  return {
    findOrder: (orderId: string) => findOrder.get(orderId) as unknown as OrderRow | undefined,

    listOrders(query: OrderQuery): readonly OrderRow[] {
      const { text, parameters } = listOrdersStatement(query, (number) => `?${number}`)
      return db.prepare(text).all(...parameters) as unknown as readonly OrderRow[]
    },

    listEvents: (orderId: string, afterVersion: number, limit: number) =>
      listEvents.all(orderId, afterVersion, limit) as unknown as readonly SettledEventRow[],

    findEvent: (orderId: string, version: number) =>
      findEvent.get(orderId, version) as unknown as PublishedEventRow | undefined,

    listSettled: ({ settling, arrival }: EventPlace, limit: number) =>
      listSettled.all(settling, arrival, limit) as unknown as readonly PlacedEventRow[],

    findLastPlace(): EventPlace | undefined {
      const row = findLastPlace.get()
      return row && { ...(row as unknown as EventPlace) }
    },

    findKeyedChange(idempotencyKey: string): KeyedChangeRow | undefined {
      const row = findKeyedChange.get(idempotencyKey)
      if (row === undefined) return undefined
      return { ...(row as unknown as KeyedChangeRow), isSettled: row['isSettled'] === 1 }
    },

    findSchemaId(subject: string, fingerprint: string): number | undefined {
      return findSchemaId.get(subject, fingerprint)?.['schemaId'] as number | undefined
    },

    isInstance: (instanceId: string): boolean => isInstance.get(instanceId) !== undefined,
  }
}
