import type { EventKey } from '../order-row.ts'
import { RETIRED } from '../store-retirement.ts'
import { LATEST_EVENTS } from '../store-facts.ts'
import type { DatabaseAddress } from './connection.ts'
import { withClient } from './inspect.ts'

/** By partition, where the events stand that were settled last. Reads beside the service. */
export function latestOffsets(
  address: DatabaseAddress,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  return withClient(address, async (client) => {
    const { rows } = await client.query<{ partition: number; offset: number }>(
      `SELECT topic_partition AS "partition", max(topic_offset) AS "offset"
       FROM (SELECT topic, topic_partition, topic_offset FROM order_events
             WHERE topic_offset IS NOT NULL
             ORDER BY settled_in DESC, id DESC LIMIT $1) AS latest
       WHERE topic = $2
       GROUP BY topic_partition`,
      [LATEST_EVENTS, topic],
    )
    return new Map(rows.map(({ partition, offset }) => [partition, offset]))
  })
}

/** Those that are neither settled nor pending, nor of a retired order. Reads beside the service. */
export function findUnknown<Event extends EventKey>(
  address: DatabaseAddress,
  events: readonly Event[],
): Promise<readonly Event[]> {
  return withClient(address, async (client) => {
    const asked = events.map(({ orderId, version, eventId }, ordinal) => {
      return { orderId, version, eventId, ordinal }
    })
    const { rows } = await client.query<{ ordinal: number }>(
      `SELECT asked.ordinal
       FROM json_to_recordset($1) AS asked (
         "orderId" text, version integer, "eventId" text, ordinal integer
       )
       LEFT JOIN order_events AS event
         ON event.order_id = asked."orderId" AND event.version = asked.version
         AND event.event_id = asked."eventId"
       WHERE event.event_id IS NULL
         AND NOT EXISTS (SELECT FROM orders
                         WHERE orders.order_id = asked."orderId"
                           AND orders.version = ${RETIRED.version})`,
      [JSON.stringify(asked)],
    )
    const unknown = new Set(rows.map(({ ordinal }) => ordinal))
    return events.filter((_, ordinal) => unknown.has(ordinal))
  })
}

/** The ids of all retired orders. Reads beside the service. */
export function listRetired(address: DatabaseAddress): Promise<ReadonlySet<string>> {
  return withClient(address, async (client) => {
    const { rows } = await client.query<{ orderId: string }>(
      `SELECT order_id AS "orderId" FROM orders WHERE status = '${RETIRED.status}'`,
    )
    return new Set(rows.map(({ orderId }) => orderId))
  })
}
