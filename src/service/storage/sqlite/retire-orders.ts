import { DatabaseSync } from 'node:sqlite'
import { CLOSED_STATUSES } from '../../../models/order.ts'
import { PUBLISHED_EVENT, type PublishedEventRow, toPublishedEvent } from '../order-row.ts'
import { type ClosedPlace, type OrderRetirement, RETIRED } from '../store-retirement.ts'
import { selected } from './event-columns.ts'

/** As long as the service itself waits for another one that writes. */
const BUSY_TIMEOUT_MS = 2_000

/** The next settling is numbered after it, so it stays: readers remember its number. */
const LAST_SETTLING = `
  (SELECT settled_in FROM order_events INDEXED BY order_events_settled
   WHERE topic_offset IS NOT NULL ORDER BY settled_in DESC LIMIT 1)`

/** By the index of statuses; the time of the last event decides. */
const FIND_CLOSED = `
  SELECT closed.order_id AS orderId, closed.version, closed.status, closed.order_date AS orderDate,
         last.settled_at < ?1 AND last.settled_in < ${LAST_SETTLING}
           AND NOT EXISTS (SELECT 1 FROM order_events AS pending INDEXED BY order_events_pending
                           WHERE pending.order_id = closed.order_id AND pending.topic_offset IS NULL)
           AS isOld
  FROM (SELECT * FROM orders
        WHERE status IN (${CLOSED_STATUSES.map((status) => `'${status}'`).join(', ')})
          AND (status, order_date, order_id) > (?2, ?3, ?4)
        ORDER BY status, order_date, order_id LIMIT ?5) AS closed
  JOIN order_events AS last USING (order_number, version)
  ORDER BY closed.status, closed.order_date, closed.order_id`

/** Bounds what is in memory at once. */
const PAGE_EVENTS = 50

const READ_EVENTS = `
  SELECT ${selected(PUBLISHED_EVENT)} FROM order_events
  WHERE order_number = (SELECT order_number FROM orders WHERE order_id = ?) AND version > ?
  ORDER BY version LIMIT ${PAGE_EVENTS}`

const IS_AS_BEFORE = `
  SELECT order_number FROM orders JOIN order_events USING (order_number, version)
  WHERE orders.order_id = ?1 AND version = ?2 AND settled_in < ${LAST_SETTLING}
    AND NOT EXISTS (SELECT 1 FROM order_events INDEXED BY order_events_pending
                    WHERE order_id = ?1 AND topic_offset IS NULL)`

/** For readers of the stream that are behind it. */
const NOTE_PLACE = `
  UPDATE retired_events SET (settling, arrival) =
    (SELECT settled_in, id FROM order_events WHERE order_number = ?1
     ORDER BY settled_in DESC LIMIT 1)
  WHERE settling < (SELECT max(settled_in) FROM order_events WHERE order_number = ?1)`

/** The ids of deleted rows may be given out again, and an order's number is one of them. */
const RETIRE = `
  UPDATE orders SET status = '${RETIRED.status}', version = ${RETIRED.version},
                    order_number = -order_number, customer_id = '${RETIRED.customerId}',
                    order_date = ${RETIRED.orderDate}
  WHERE order_id = ?`

/** Throws when there is no such file. */
export async function openRetirement(path: string): Promise<OrderRetirement> {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  const findClosed = db.prepare(FIND_CLOSED)
  const readEvents = db.prepare(READ_EVENTS)
  const isAsBefore = db.prepare(IS_AS_BEFORE)
  const notePlace = db.prepare(NOTE_PLACE)
  const forget = db.prepare('DELETE FROM order_events WHERE order_number = ?')
  const retire = db.prepare(RETIRE)
  return {
    async findClosed(beforeMs, { status, orderDate, orderId }, limit) {
      const rows = findClosed.all(beforeMs, status, orderDate, orderId, limit) as unknown as Array<
        ClosedPlace & { readonly version: number; readonly isOld: 0 | 1 }
      >
      return { orders: rows.filter((row) => row.isOld === 1), next: rows.at(-1) }
    },
    async readEvents(orderId, after) {
      const rows = readEvents.all(orderId, after) as unknown as readonly PublishedEventRow[]
      return rows.map(toPublishedEvent)
    },
    async retire(orders) {
      let count = 0
      db.exec('BEGIN IMMEDIATE')
      try {
        for (const { orderId, version } of orders) {
          const row = isAsBefore.get(orderId, version)
          if (row === undefined) continue
          const orderNumber = row['order_number'] as number
          notePlace.run(orderNumber)
          forget.run(orderNumber)
          retire.run(orderId)
          count += 1
        }
        db.exec('COMMIT')
      } finally {
        if (db.isTransaction) db.exec('ROLLBACK')
      }
      return count
    },
    [Symbol.asyncDispose]: async () => db.close(),
  }
}
