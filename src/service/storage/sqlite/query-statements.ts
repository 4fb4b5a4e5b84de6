import type { DatabaseSync } from 'node:sqlite'

import type { OrderQuery } from '../../../business/ports.ts'
import { listOrdersStatement } from '../list-orders.ts'
import type { KeyedChangeRow, OrderRow, PublishedEventRow, SettledEventRow } from '../order-row.ts'

export type QueryStatements = ReturnType<typeof prepareQueryStatements>

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
