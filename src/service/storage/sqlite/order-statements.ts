import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'

import type { EventPosition, OrderEvent, PendingEvent } from '../../../models/order-event.ts'
import { NOBODY } from '../../../models/order.ts'
import { type EventKey, type EventRow, toPendingEvent } from '../order-row.ts'
import { ERASED_COLUMNS, INSERT_EVENT, insertedValues, SELECT_RESERVED } from './event-columns.ts'

/** What decides whether an event may be reserved. */
export interface OrderFacts {
  readonly settledVersion: number | null
  readonly hasPendingEvent: boolean
}

/**
 * By the small index of pending events: without INDEXED BY the planner walks the whole history in
 * the order of ids to save the sort. Exported for the test of that.
 */
export const LIST_PENDING = listPendingWhere('TRUE')

const LIST_OWNED_BY_OTHERS = listPendingWhere(
  'owner IS NOT ? AND topic_partition NOT IN (SELECT value FROM json_each(?))',
)

function listPendingWhere(condition: string): string {
  return `
  SELECT ${SELECT_RESERVED}
  FROM order_events
  WHERE id IN (SELECT id FROM order_events INDEXED BY order_events_pending
               WHERE topic_offset IS NULL AND ${condition} ORDER BY id LIMIT ?)
  ORDER BY id`
}

/** The one that a key names, by the index of pending events. */
const IS_PENDING = 'order_id = ?1 AND topic_offset IS NULL AND version = ?2 AND event_id = ?3'

/** To the millisecond. */
const NOW = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"

/** How an event stands in the store, whoever owns it. */
export type Presence = 'absent' | 'pending' | 'settled'

export type OrderStatements = ReturnType<typeof prepareOrderStatements>

/** Every statement that writes, and what it has to know first, prepared once per connection; a method runs one of them. */
export function prepareOrderStatements(db: DatabaseSync) {
  const begin = db.prepare('BEGIN IMMEDIATE')

  const commit = db.prepare('COMMIT')

  const findFacts = db.prepare(`
    SELECT (SELECT version FROM orders WHERE order_id = ?1) AS settledVersion,
           EXISTS (SELECT 1 FROM order_events
                   WHERE order_id = ?1 AND topic_offset IS NULL) AS hasPendingEvent`)

  const isKeyUsed = db.prepare('SELECT 1 FROM order_events WHERE idempotency_key = ?')

  const forgetKeys = db.prepare(`
    UPDATE order_events SET idempotency_key = NULL, request_fingerprint = NULL
    WHERE id IN (SELECT id FROM order_events
                 WHERE idempotency_key IS NOT NULL
                   AND settled_at < ${NOW} - ?
                 ORDER BY settled_at LIMIT ?)`)

  const insertEvent = db.prepare(INSERT_EVENT)

  // Whose event it was is not kept: what is added to the row takes this place.
  const settleEvent = db.prepare(`
    UPDATE order_events
    SET topic_partition = ?5, topic_offset = ?6, settled_at = ${NOW}, owner = NULL,
        settled_in = 1 + ifnull((SELECT settled_in FROM order_events INDEXED BY order_events_settled
                                 WHERE topic_offset IS NOT NULL
                                 ORDER BY settled_in DESC LIMIT 1), 0),
        order_number = ifnull((SELECT order_number FROM orders
                               WHERE orders.order_id = order_events.order_id), id)
    WHERE ${IS_PENDING} AND owner = ?4
    RETURNING id`)

  // The columns come from the stored state, so that the row cannot say anything else than the event.
  const moveOrder = db.prepare(`
    INSERT INTO orders (order_id, order_number, version, status, customer_id, order_date)
    SELECT order_id, order_number, version, state ->> 0, state ->> 1, state ->> 2
    FROM order_events
    WHERE id = ?
    ON CONFLICT (order_id) DO UPDATE
    SET version = excluded.version, status = excluded.status
    WHERE version = excluded.version - 1`)

  const eraseFromEvents = db.prepare(`
    UPDATE order_events SET ${ERASED_COLUMNS}
    WHERE order_number = (SELECT order_number FROM orders WHERE order_id = ?1) AND version < ?2`)

  const eraseFromOrder = db.prepare(
    `UPDATE orders SET customer_id = '${NOBODY}' WHERE order_id = ?`,
  )

  const deletePendingEvent = db.prepare(`
    DELETE FROM order_events WHERE ${IS_PENDING} AND owner = ?4`)

  const findPresence = db.prepare(`
    SELECT 'pending' AS presence FROM order_events WHERE ${IS_PENDING}
    UNION ALL
    SELECT 'settled' FROM order_events
    WHERE order_number = (SELECT order_number FROM orders WHERE order_id = ?1)
      AND version = ?2 AND event_id = ?3`)

  const saveInstance = db.prepare(`
    INSERT INTO current_instance (id, instance_id) VALUES (1, ?)
    ON CONFLICT (id) DO UPDATE SET instance_id = excluded.instance_id`)

  const listOwnedByOthers = db.prepare(LIST_OWNED_BY_OTHERS)

  // Not the producer: what the former owner still has on its way is a repeat only under the same one.
  const changeOwner = db.prepare(`
    UPDATE order_events SET owner = ?
    WHERE order_id = ? AND topic_offset IS NULL AND version = ?`)

  const listPending = db.prepare(LIST_PENDING)

  const raiseItemsMax = db.prepare(
    'UPDATE order_size SET items_max = max(items_max, ?) RETURNING items_max AS itemsMax',
  )

  const countProbe = db.prepare('UPDATE write_probe SET writes = writes + 1')

  const saveSchemaId = db.prepare(`
    INSERT INTO schema_ids (subject, fingerprint, schema_id) VALUES (?, ?, ?)
    ON CONFLICT (subject, fingerprint) DO UPDATE SET schema_id = excluded.schema_id`)

  const forgetSchemaId = db.prepare('DELETE FROM schema_ids WHERE subject = ? AND fingerprint = ?')

  return {
    begin: () => void begin.run(),

    commit: () => void commit.run(),

    findFacts(orderId: string): OrderFacts {
      const row = findFacts.get(orderId) as {
        settledVersion: number | null
        hasPendingEvent: 0 | 1
      }
      return { settledVersion: row.settledVersion, hasPendingEvent: row.hasPendingEvent === 1 }
    },

    isKeyUsed: (idempotencyKey: string): boolean => isKeyUsed.get(idempotencyKey) !== undefined,

    /** How many. */
    forgetKeys: (ageMs: number, limit: number): number =>
      Number(forgetKeys.run(ageMs, limit).changes),

    /** False when anything speaks against it. */
    insertEvent: (row: EventRow, owner: string): boolean =>
      insertEvent.run(...insertedValues(row, owner)).changes === 1,

    /** Its id. Undefined when it is not pending, or not this owner's. */
    settleEvent(key: EventKey, owner: string, position: EventPosition): number | undefined {
      const { orderId, version, eventId } = key
      const { partition, offset } = position
      const row = settleEvent.get(orderId, version, eventId, owner, partition, offset)
      return row?.['id'] as number | undefined
    },

    /** By the id of its settled event. False when the order does not stand at the version before. */
    moveOrder: (id: number): boolean => moveOrder.run(id).changes === 1,

    /** From all but the event that is named. */
    eraseCustomer({ orderId, version }: EventKey): void {
      eraseFromEvents.run(orderId, version)
      eraseFromOrder.run(orderId)
    },

    /** False when it is not pending, or not this owner's. */
    deletePendingEvent: ({ orderId, version, eventId }: EventKey, owner: string): boolean =>
      deletePendingEvent.run(orderId, version, eventId, owner).changes === 1,

    findPresence({ orderId, version, eventId }: EventKey): Presence {
      const row = findPresence.get(orderId, version, eventId)
      return (row?.['presence'] as Presence | undefined) ?? 'absent'
    },

    saveInstance: (instanceId: string) => void saveInstance.run(instanceId),

    listOwnedByOthers(owner: string, exceptPartitions: readonly number[], limit: number) {
      const rows = listOwnedByOthers.all(owner, JSON.stringify(exceptPartitions), limit)
      return toPendingEvents(rows)
    },

    changeOwner: ({ order, version }: OrderEvent, owner: string) =>
      void changeOwner.run(owner, order.orderId, version),

    listPending: (limit: number) => toPendingEvents(listPending.all(limit)),

    raiseItemsMax(itemsMax: number): number {
      const row = raiseItemsMax.get(itemsMax)
      assert.ok(row, 'order_size has no row')
      return Number(row['itemsMax'])
    },

    countProbe(): true {
      countProbe.run()
      return true
    },

    saveSchemaId(subject: string, fingerprint: string, schemaId: number): true {
      saveSchemaId.run(subject, fingerprint, schemaId)
      return true
    },

    forgetSchemaId(subject: string, fingerprint: string): true {
      forgetSchemaId.run(subject, fingerprint)
      return true
    },
  }
}

function toPendingEvents(rows: readonly unknown[]): readonly PendingEvent[] {
  return (rows as readonly EventRow[]).map(toPendingEvent)
}
