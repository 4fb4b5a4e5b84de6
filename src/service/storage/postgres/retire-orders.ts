import type { Client } from 'pg'
import { CLOSED_STATUSES } from '../../../models/order.ts'
import { PUBLISHED_EVENT, type PublishedEventRow, toPublishedEvent } from '../order-row.ts'
import {
  type ClosedOrder,
  type ClosedPlace,
  type OrderRetirement,
  RETIRED,
} from '../store-retirement.ts'
import { createLink, type DatabaseAddress } from './connection.ts'
import { selected } from './event-columns.ts'
import { translatePostgresError } from './postgres-errors.ts'
import { PAGE_ROWS } from './row-pages.ts'
import { beginSession } from './session.ts'

const TIMEOUTS = { connectMs: 5_000, statementMs: 60_000, answerMs: 60_000 }

/** By the index of statuses; the time of the last event decides. */
const FIND_CLOSED = `
  SELECT closed.order_id AS "orderId", closed.version, closed.status,
         closed.order_date AS "orderDate",
         last.settled_at < to_timestamp($1 / 1000.0)
           AND NOT EXISTS (SELECT FROM order_events AS pending
                           WHERE pending.order_id = closed.order_id AND pending.topic_offset IS NULL)
           AS "isOld"
  FROM (SELECT * FROM orders
        WHERE status = ANY ($6::text[])
          AND (status, order_date, order_id) > ($2, $3::bigint, $4)
        ORDER BY status, order_date, order_id LIMIT $5) AS closed
  JOIN order_events AS last ON last.order_id = closed.order_id AND last.version = closed.version
  ORDER BY closed.status, closed.order_date, closed.order_id`

const READ_EVENTS = `
  SELECT ${selected(PUBLISHED_EVENT)} FROM order_events
  WHERE order_id = $1 AND topic_offset IS NOT NULL AND version > $2
  ORDER BY version LIMIT ${PAGE_ROWS}`

/**
 * Changes wait for the few milliseconds of a page. Without this lock one could be reserved that was
 * judged by the order as it was before.
 */
const LOCK = 'LOCK TABLE order_events IN SHARE ROW EXCLUSIVE MODE'

const RETIRE = `
  UPDATE orders
  SET status = '${RETIRED.status}', version = ${RETIRED.version}, customer_id = '${RETIRED.customerId}',
      order_date = ${RETIRED.orderDate}
  FROM json_to_recordset($1) AS asked ("orderId" text, version integer)
  WHERE orders.order_id = asked."orderId" AND orders.version = asked.version
    AND NOT EXISTS (SELECT FROM order_events AS pending
                    WHERE pending.order_id = orders.order_id AND pending.topic_offset IS NULL)
  RETURNING orders.order_id AS "orderId"`

/** The last place of them is noted, for readers of the stream that are behind it. */
const FORGET = `
  WITH gone AS (
    DELETE FROM order_events WHERE order_id = ANY ($1::text[]) RETURNING settled_in, id
  ), last AS (
    SELECT settled_in, id FROM gone ORDER BY settled_in DESC, id DESC LIMIT 1
  )
  UPDATE retired_events SET settling = last.settled_in, arrival = last.id
  FROM last
  WHERE (settling, arrival) < (last.settled_in, last.id)`

/** Rejects with a StoreError when the database cannot be used. */
export async function openRetirement(
  address: DatabaseAddress & { readonly mustBeDurable: boolean },
): Promise<OrderRetirement> {
  const { client, socket } = createLink({ ...address, timeouts: TIMEOUTS })
  client.on('error', () => {})
  const asked = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer
    } catch (error) {
      throw translatePostgresError(address.database, error, 'working') ?? error
    }
  }
  try {
    await asked(client.connect())
    await asked(beginSession(client, { ...address, ...TIMEOUTS }))
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    findClosed: (...question) => asked(findClosed(client, ...question)),
    async readEvents(orderId, after) {
      const { rows } = await asked(client.query<PublishedEventRow>(READ_EVENTS, [orderId, after]))
      return rows.map(toPublishedEvent)
    },
    retire: (orders) => asked(retire(client, orders)),
    // An open transaction is rolled back with its connection.
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  }
}

async function findClosed(
  client: Client,
  beforeMs: number,
  { status, orderDate, orderId }: ClosedPlace,
  limit: number,
) {
  const { rows } = await client.query<
    ClosedPlace & { readonly version: number; readonly isOld: boolean }
  >(FIND_CLOSED, [beforeMs, status, orderDate, orderId, limit, [...CLOSED_STATUSES]])
  return { orders: rows.filter(({ isOld }) => isOld), next: rows.at(-1) }
}

async function retire(client: Client, orders: readonly ClosedOrder[]): Promise<number> {
  const asked = orders.map(({ orderId, version }) => ({ orderId, version }))
  await client.query('BEGIN')
  await client.query(LOCK)
  const { rows } = await client.query<{ orderId: string }>(RETIRE, [JSON.stringify(asked)])
  await client.query(FORGET, [rows.map(({ orderId }) => orderId)])
  await client.query('COMMIT')
  return rows.length
}
