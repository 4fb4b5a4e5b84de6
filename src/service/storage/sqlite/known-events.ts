import { DatabaseSync } from 'node:sqlite'
import type { EventKey } from '../order-row.ts'
import { RETIRED } from '../store-retirement.ts'
import { LATEST_EVENTS } from '../store-facts.ts'

/** By partition, where the events stand that were settled last. Reads beside the service. */
export function latestOffsets(path: string, topic: string): ReadonlyMap<number, number> {
  using db = new DatabaseSync(path, { readOnly: true })
  const rows = db
    .prepare(
      `SELECT topic_partition AS "partition", max(topic_offset) AS "offset"
       FROM (SELECT topic, topic_partition, topic_offset
             FROM order_events INDEXED BY order_events_settled
             WHERE topic_offset IS NOT NULL
             ORDER BY settled_in DESC LIMIT ?)
       WHERE topic = ?
       GROUP BY topic_partition`,
    )
    .all(LATEST_EVENTS, topic)
  return new Map(rows.map((row) => [Number(row['partition']), Number(row['offset'])]))
}

/** Those that are neither settled nor pending, nor of a retired order. Reads beside the service. */
export function findUnknown<Event extends EventKey>(
  path: string,
  events: readonly Event[],
): readonly Event[] {
  using db = new DatabaseSync(path, { readOnly: true })
  const isKnown = db.prepare(
    `SELECT 1 FROM order_events
     WHERE order_number = (SELECT order_number FROM orders WHERE order_id = ?1)
       AND version = ?2 AND event_id = ?3
     UNION ALL
     SELECT 1 FROM order_events
     WHERE order_id = ?1 AND topic_offset IS NULL AND version = ?2 AND event_id = ?3
     UNION ALL
     SELECT 1 FROM orders WHERE order_id = ?1 AND version = ${RETIRED.version}`,
  )
  return events.filter(
    ({ orderId, version, eventId }) => isKnown.get(orderId, version, eventId) === undefined,
  )
}

/** The ids of all retired orders. Reads beside the service. */
export function listRetired(path: string): ReadonlySet<string> {
  using db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare(`SELECT order_id FROM orders WHERE status = '${RETIRED.status}'`).all()
  return new Set(rows.map((row) => String(row['order_id'])))
}
