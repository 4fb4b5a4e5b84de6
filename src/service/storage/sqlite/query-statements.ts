import type { DatabaseSync } from 'node:sqlite'

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
import type { PublishedEvent, RecordKey, RetryKey } from '../../../models/order-event.ts'
import {
  areFoundById,
  countByIdStatement,
  type Dialect,
  listOrdersStatement,
} from '../list-orders.ts'
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
import { selected } from './event-columns.ts'

export type QueryStatements = ReturnType<typeof prepareQueryStatements>

const DIALECT: Dialect = {
  placeholder: (number) => `?${number}`,
  orderColumn: 'order_number',
}

/** Of the order with an id. */
const ORDER_NUMBER = '(SELECT order_number FROM orders WHERE order_id = ?)'

/** Every statement that only reads, prepared once per connection where its text is always the same. */
export function prepareQueryStatements(db: DatabaseSync) {
  const findOrder = db.prepare(`
    SELECT orders.order_id AS orderId, orders.version, order_events.state
    FROM orders JOIN order_events USING (order_number, version)
    WHERE orders.order_id = ?`)

  const listEvents = db.prepare(`
    SELECT ${selected(SETTLED_EVENT)}
    FROM order_events
    WHERE order_number = ${ORDER_NUMBER} AND version > ?
    ORDER BY version
    LIMIT ?`)

  const findEvent = db.prepare(`
    SELECT ${selected(PUBLISHED_EVENT)}
    FROM order_events
    WHERE order_number = ${ORDER_NUMBER} AND version = ?`)

  const listRecordKeys = db.prepare(`
    SELECT DISTINCT order_id AS orderId, topic, topic_partition AS partition, key
    FROM order_events
    WHERE order_number = ${ORDER_NUMBER}`)

  // Each settling has a number of its own, so it alone says the place.
  const listSettled = db.prepare(`
    SELECT ${selected(PLACED_EVENT)}
    FROM order_events INDEXED BY order_events_settled
    WHERE topic_offset IS NOT NULL AND settled_in > ?
    ORDER BY settled_in
    LIMIT ?`)

  const findLastPlace = db.prepare(`
    SELECT ${selected(['settling', 'arrival'])}
    FROM order_events INDEXED BY order_events_settled
    WHERE topic_offset IS NOT NULL
    ORDER BY settled_in DESC
    LIMIT 1`)

  const findRetiredPlace = db.prepare('SELECT settling, arrival FROM retired_events')

  const findKeyedChange = db.prepare(`
    SELECT order_id AS orderId, version, request_fingerprint AS fingerprint,
           CASE WHEN request_fingerprint = ?2 THEN state END AS state,
           topic_offset IS NOT NULL AS isSettled
    FROM order_events
    WHERE idempotency_key = ?1`)

  const findSchemaId = db.prepare(`
    SELECT schema_id AS schemaId FROM schema_ids WHERE subject = ? AND fingerprint = ?`)

  const isInstance = db.prepare('SELECT 1 FROM current_instance WHERE instance_id = ?')

  return {
    findOrder(orderId: string): SettledOrder | undefined {
      const row = findOrder.get(orderId) as OrderRow | undefined
      return row && toSettledOrder(row)
    },

    listOrders(query: OrderQuery): readonly SettledOrder[] {
      const question = countByIdStatement(query, DIALECT)
      const answer = question && db.prepare(question.text).get(...question.parameters)
      const byId = areFoundById(answer?.['count'] as number | undefined)
      const { text, parameters } = listOrdersStatement(query, DIALECT, byId)
      const rows = db.prepare(text).all(...parameters) as unknown as readonly OrderRow[]
      return rows.map(toSettledOrder)
    },

    listEvents(orderId: string, afterVersion: number, limit: number): readonly SettledEvent[] {
      const rows = listEvents.all(orderId, afterVersion, limit)
      return (rows as unknown as readonly SettledEventRow[]).map(toSettledEvent)
    },

    findEvent(orderId: string, version: number): PublishedEvent | undefined {
      const row = findEvent.get(orderId, version) as PublishedEventRow | undefined
      return row && toPublishedEvent(row)
    },

    listSettled({ settling }: EventPlace, limit: number): readonly PlacedEvent[] {
      const rows = listSettled.all(settling, limit) as unknown as readonly PlacedEventRow[]
      return rows.map(toPlacedEvent)
    },

    findLastPlace(): EventPlace {
      const row = findLastPlace.get() as EventPlace | undefined
      return row === undefined ? FIRST_PLACE : { ...row }
    },

    findRetiredPlace(): EventPlace {
      const row = findRetiredPlace.get() as EventPlace | undefined
      return row === undefined ? FIRST_PLACE : { ...row }
    },

    findKeyedChange(asked: RetryKey): KeyedChange | 'other-request' | undefined {
      const row = findKeyedChange.get(asked.idempotencyKey, asked.fingerprint)
      return row && toKeyedChange(row as unknown as KeyedChangeRow, asked)
    },

    listRecordKeys(orderId: string): readonly RecordKey[] {
      return (listRecordKeys.all(orderId) as unknown as readonly RecordKeyRow[]).map(toRecordKey)
    },

    findSchemaId(subject: string, fingerprint: string): number | undefined {
      return findSchemaId.get(subject, fingerprint)?.['schemaId'] as number | undefined
    },

    isInstance: (instanceId: string): boolean => isInstance.get(instanceId) !== undefined,
  }
}
