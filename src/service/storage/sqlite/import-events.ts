import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { NOBODY } from '../../../models/order.ts'
import {
  CONFLICTS_NAMED_MAX,
  type Conflict,
  type ImportChoice,
  type ImportedEvent,
  type ImportReport,
  type StoreImport,
} from '../store-import.ts'
import { RETIRED } from '../store-retirement.ts'
import { createConnector } from './connection.ts'
import { ERASED_COLUMNS } from './event-columns.ts'
import { acquireProcessLock, settleFile } from './process-lock.ts'

/**
 * Completes a store from the topic, in one transaction on the file that this process alone owns. Events
 * are staged first: an order may have events in several partitions, and the new ones are numbered in the
 * order of their times.
 */

const STAGED = `
  CREATE TEMP TABLE staged (
    order_id TEXT, version INTEGER, event_id TEXT, time INTEGER, traceparent TEXT, principal TEXT, topic TEXT,
    topic_partition INTEGER, schema_id INTEGER, key BLOB, value BLOB, state TEXT,
    topic_offset INTEGER, settled_at INTEGER,
    place INTEGER, -- among those that are new, from 1
    row_id INTEGER,
    PRIMARY KEY (order_id, version, event_id)
  ) WITHOUT ROWID;
  CREATE TEMP TABLE tombstones (order_id TEXT PRIMARY KEY) WITHOUT ROWID`

const STAGE = `
  INSERT INTO staged (order_id, version, event_id, time, traceparent, principal, topic, topic_partition,
                      schema_id, key, value, state, topic_offset, settled_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`

/** Settled ones of the store. */
const SETTLED = `
  FROM order_events JOIN orders USING (order_number)
  WHERE orders.order_id = staged.order_id AND order_events.version = staged.version`

const FORGET_KNOWN = `
  DELETE FROM staged WHERE EXISTS (SELECT 1 ${SETTLED} AND order_events.event_id = staged.event_id)`

const FORGET_RETIRED = `
  DELETE FROM staged
  WHERE EXISTS (SELECT 1 FROM orders
                WHERE orders.order_id = staged.order_id AND orders.version = ${RETIRED.version})`

const LIST_CONFLICTS = `
  SELECT order_id AS orderId, version FROM staged GROUP BY order_id, version HAVING count(*) > 1
  UNION
  SELECT order_id, version FROM staged WHERE EXISTS (SELECT 1 ${SETTLED})
  ORDER BY 1, 2`

/** The pending event that it is. */
const PENDING = `
  FROM order_events AS event INDEXED BY order_events_pending
  WHERE event.topic_offset IS NULL AND event.order_id = staged.order_id
    AND event.version = staged.version AND event.event_id = staged.event_id`

const COUNT_NEW = `SELECT count(*) AS "count" FROM staged WHERE NOT EXISTS (SELECT 1 ${PENDING})`

const COUNT_PENDING = 'SELECT count(*) AS "count" FROM order_events WHERE topic_offset IS NULL'

const DROP_PENDING = `
  DELETE FROM order_events
  WHERE id IN (SELECT id FROM order_events WHERE topic_offset IS NULL)
    AND NOT EXISTS (SELECT 1 FROM staged
                    WHERE staged.order_id = order_events.order_id
                      AND staged.version = order_events.version
                      AND staged.event_id = order_events.event_id)`

/** By time, but those of one order by version, whatever the clocks of its instances were. */
const PLACE = `
  UPDATE staged
  SET place = placed.place,
      row_id = ifnull((SELECT event.id ${PENDING}), ?1 + placed.place)
  FROM (SELECT order_id, version, row_number() OVER (ORDER BY latest, order_id, version) AS place
        FROM (SELECT order_id, version,
                     max(time) OVER (PARTITION BY order_id ORDER BY version) AS latest
              FROM staged)) AS placed
  WHERE staged.order_id = placed.order_id AND staged.version = placed.version`

const NUMBER_ORDERS = `
  CREATE TEMP TABLE numbered AS
  SELECT staged.order_id, ifnull(orders.order_number, min(staged.row_id)) AS order_number
  FROM staged LEFT JOIN orders USING (order_id)
  GROUP BY staged.order_id`

const SETTLE_PENDING = `
  UPDATE order_events
  SET topic_partition = staged.topic_partition, topic_offset = staged.topic_offset,
      settled_at = staged.settled_at, owner = NULL, settled_in = ?1 + staged.place,
      order_number = numbered.order_number
  FROM staged JOIN numbered USING (order_id)
  WHERE order_events.id = staged.row_id`

const INSERT_NEW = `
  INSERT INTO order_events (id, event_id, order_id, order_number, version, time, traceparent, principal, topic,
                            topic_partition, search_from_offset, producer_id, producer_epoch,
                            schema_id, key, value, state, topic_offset, settled_at, settled_in)
  SELECT row_id, event_id, order_id, order_number, version, time, traceparent, principal, topic,
         topic_partition, topic_offset, -1, -1,
         schema_id, key, value, state, topic_offset, settled_at, ?1 + place
  FROM staged JOIN numbered USING (order_id)
  WHERE NOT EXISTS (SELECT 1 FROM order_events WHERE id = row_id)
  ORDER BY place`

const MOVE_ORDERS = `
  INSERT INTO orders (order_id, order_number, version, status, customer_id, order_date)
  SELECT order_id, order_number, max(version), state ->> 0, state ->> 1, state ->> 2
  FROM staged JOIN numbered USING (order_id)
  WHERE TRUE
  GROUP BY order_id
  ON CONFLICT (order_id) DO UPDATE
  SET version = excluded.version, status = excluded.status
  WHERE version < excluded.version`

/** An order whose last event has no customer was erased: nothing here names the customer any more. */
const ERASE_ORDERS = `
  UPDATE orders SET customer_id = '${NOBODY}'
  WHERE EXISTS (SELECT 1 FROM staged
                WHERE staged.order_id = orders.order_id AND staged.version = orders.version
                  AND staged.state ->> 1 = '${NOBODY}')`

const ERASE_EVENTS = `
  UPDATE order_events SET ${ERASED_COLUMNS}
  FROM orders
  WHERE orders.order_number = order_events.order_number AND orders.customer_id = '${NOBODY}'
    AND order_events.version < orders.version
    AND orders.order_id IN (SELECT order_id FROM staged)`

const RAISE_ITEMS_MAX = `
  UPDATE order_size
  SET items_max = max(items_max, (SELECT ifnull(max(json_array_length(state, '$[5]')), 0) FROM staged))`

/** Of an order whose events are all gone nothing else says that its id was taken. No event has the id 0. */
const TAKE_IDS = `
  INSERT INTO orders (order_id, order_number, version, status, customer_id, order_date)
  SELECT order_id, 0, ${RETIRED.version}, '${RETIRED.status}', '${RETIRED.customerId}', ${RETIRED.orderDate}
  FROM tombstones
  WHERE TRUE
  ON CONFLICT DO NOTHING`

/** Rejects with a StoreError when the file cannot be used, or belongs to a running service. */
export async function openImport(path: string): Promise<StoreImport> {
  using opening = new DisposableStack()
  const file = settleFile(path)
  opening.use(acquireProcessLock(file))
  const { db } = createConnector({ path: file }).connect()
  opening.defer(() => db.close())
  db.exec('BEGIN IMMEDIATE')
  db.exec(STAGED)
  const stage = db.prepare(STAGE)
  const stageTombstone = db.prepare('INSERT INTO tombstones VALUES (?) ON CONFLICT DO NOTHING')
  const owned = opening.move()
  return {
    async settledEnds(topic) {
      const rows = db
        .prepare(
          `SELECT topic_partition AS "partition", max(topic_offset) + 1 AS "end"
           FROM order_events WHERE topic = ? AND topic_offset IS NOT NULL GROUP BY topic_partition`,
        )
        .all(topic)
      return new Map(rows.map((row) => [Number(row['partition']), Number(row['end'])]))
    },
    async stage(events) {
      for (const event of events) stage.run(...stagedValues(event))
    },
    async stageTombstones(orderIds) {
      for (const orderId of orderIds) stageTombstone.run(orderId)
    },
    complete: async (choice) => complete(db, choice),
    commit: async () => db.exec('COMMIT'),
    async [Symbol.asyncDispose]() {
      // An open transaction is rolled back with its connection.
      owned.dispose()
    },
  }
}

/** For {@link STAGE}. */
function stagedValues(event: ImportedEvent): SQLInputValue[] {
  return [
    event.orderId,
    event.version,
    event.eventId,
    event.time,
    event.traceparent,
    event.principal,
    event.topic,
    event.partition,
    event.schemaId,
    event.key,
    event.value,
    event.state,
    event.offset,
    event.settledAt,
  ]
}

function complete(db: DatabaseSync, { isRestored, endSum }: ImportChoice): ImportReport {
  db.exec(FORGET_KNOWN)
  db.exec(FORGET_RETIRED)
  const conflicts = db.prepare(LIST_CONFLICTS).all() as unknown as readonly Conflict[]
  const isBehind = count(db, COUNT_NEW) > 0
  const changes = isBehind || isRestored
  const importedCount = changes && conflicts.length === 0 ? writeStaged(db, endSum) : undefined
  const takenIdCount = conflicts.length === 0 ? Number(db.prepare(TAKE_IDS).run().changes) : 0
  const { imported = 0, pendingSettled = 0, pendingDropped = 0 } = importedCount ?? {}
  return {
    importedCount: imported,
    pendingSettledCount: pendingSettled,
    pendingDroppedCount: pendingDropped,
    takenIdCount,
    eventCount: count(db, 'SELECT count(*) AS "count" FROM order_events'),
    orderCount: count(db, 'SELECT count(*) AS "count" FROM orders'),
    conflicts: conflicts.slice(0, CONFLICTS_NAMED_MAX),
    conflictCount: conflicts.length,
  }
}

/** The numbers of the stream begin above all that a lost store of this topic has given out. */
function writeStaged(db: DatabaseSync, endSum: number) {
  const imported = count(db, 'SELECT count(*) AS "count" FROM staged')
  const before = count(db, COUNT_PENDING)
  const pendingDropped = Number(db.prepare(DROP_PENDING).run().changes)
  const lastId = count(db, 'SELECT ifnull(max(id), 0) AS "count" FROM order_events')
  const lastPlace = count(db, 'SELECT ifnull(max(settled_in), 0) AS "count" FROM order_events')
  const placedFrom = Math.max(lastPlace, endSum)
  db.prepare(PLACE).run(lastId)
  db.exec(NUMBER_ORDERS)
  db.prepare(SETTLE_PENDING).run(placedFrom)
  db.prepare(INSERT_NEW).run(placedFrom)
  db.exec(MOVE_ORDERS)
  db.exec(RAISE_ITEMS_MAX)
  db.exec(ERASE_ORDERS)
  db.exec(ERASE_EVENTS)
  return { imported, pendingDropped, pendingSettled: before - pendingDropped }
}

function count(db: DatabaseSync, statement: string): number {
  return Number(db.prepare(statement).get()?.['count'])
}
