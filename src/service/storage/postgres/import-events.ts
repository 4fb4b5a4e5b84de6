import type { Client } from 'pg'
import { StoreError } from '../../../business/ports.ts'
import { NOBODY } from '../../../models/order.ts'
import { readMigrations } from '../migrations.ts'
import {
  CONFLICTS_NAMED_MAX,
  type Conflict,
  type ImportChoice,
  type ImportedEvent,
  type ImportReport,
  type StoreImport,
} from '../store-import.ts'
import { RETIRED } from '../store-retirement.ts'
import { createLink, type DatabaseAddress } from './connection.ts'
import { ERASED_COLUMNS } from './event-columns.ts'
import { migrate } from './migrate.ts'
import { translatePostgresError } from './postgres-errors.ts'
import { beginSession } from './session.ts'

/**
 * Completes a store from the topic, in one transaction that no instance can join beside. Events are
 * staged first: an order may have events in several partitions, and the new ones are inserted in the
 * order of their times.
 */

/** One statement is for all events. */
const TIMEOUTS = { connectMs: 5_000, statementMs: 3_600_000, answerMs: 3_660_000 }

/** The planner may read whole tables here, and nothing is worth writing down before the end. */
const PREPARE = `
  SET LOCAL enable_seqscan = on;
  SET LOCAL enable_hashjoin = on;
  SET LOCAL enable_mergejoin = on;
  LOCK TABLE instances IN SHARE ROW EXCLUSIVE MODE;
  CREATE TEMP TABLE staged (
    order_id text COLLATE "C", version integer, event_id text COLLATE "C", time bigint,
    traceparent text, principal text COLLATE "C", topic text COLLATE "C", topic_partition integer, schema_id integer,
    key bytea, value bytea, state json, topic_offset bigint, settled_at bigint,
    PRIMARY KEY (order_id, version, event_id)
  ) ON COMMIT DROP;
  CREATE TEMP TABLE tombstones (order_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP`

const COUNT_LIVE = `
  SELECT count(*)::integer AS "count" FROM instances WHERE lease_until > clock_timestamp()`

const STAGE = `
  INSERT INTO staged
  SELECT "orderId", version, "eventId", time, traceparent, principal, topic, "partition", "schemaId",
         decode(key, 'hex'), decode(value, 'hex'), state::json, "offset", "settledAt"
  FROM json_to_recordset($1) AS (
    "orderId" text, version integer, "eventId" text, time bigint, traceparent text, principal text, topic text,
    "partition" integer, "schemaId" integer, key text, value text, state text, "offset" bigint,
    "settledAt" bigint
  )
  ON CONFLICT DO NOTHING`

const FORGET_KNOWN = `
  DELETE FROM staged USING order_events AS event
  WHERE event.order_id = staged.order_id AND event.version = staged.version
    AND event.event_id = staged.event_id AND event.topic_offset IS NOT NULL`

const FORGET_RETIRED = `
  DELETE FROM staged USING orders
  WHERE orders.order_id = staged.order_id AND orders.version = ${RETIRED.version}`

const LIST_CONFLICTS = `
  SELECT order_id AS "orderId", version FROM staged GROUP BY order_id, version HAVING count(*) > 1
  UNION
  SELECT order_id, version FROM staged JOIN order_events AS event USING (order_id, version)
  WHERE event.topic_offset IS NOT NULL
  ORDER BY 1, 2`

/** Without the pending event that it is. */
const COUNT_NEW = `
  SELECT count(*)::integer AS "count" FROM staged
  WHERE NOT EXISTS (SELECT FROM order_events AS event
                    WHERE event.order_id = staged.order_id AND event.version = staged.version
                      AND event.event_id = staged.event_id)`

const DROP_PENDING = `
  DELETE FROM order_events AS event
  WHERE topic_offset IS NULL
    AND NOT EXISTS (SELECT FROM staged
                    WHERE staged.order_id = event.order_id AND staged.version = event.version
                      AND staged.event_id = event.event_id)`

/**
 * Numbers of transactions are those of one server. In a dump of another one they may lie above ours, and
 * readers would not see these events before this server has come so far.
 */
const FORGET_FOREIGN_PLACES = `
  WITH foreign_number AS (
    SELECT FROM order_events HAVING max(settled_in) > pg_current_xact_id()::text::bigint
  ), started AS (
    UPDATE retired_events SET settling = 0, arrival = 0 WHERE EXISTS (SELECT FROM foreign_number)
  )
  UPDATE order_events SET settled_in = 0
  WHERE settled_in > 0 AND EXISTS (SELECT FROM foreign_number)`

const SETTLE_PENDING = `
  UPDATE order_events AS event
  SET topic_partition = staged.topic_partition, topic_offset = staged.topic_offset,
      settled_at = to_timestamp(staged.settled_at / 1000.0),
      settled_in = pg_current_xact_id()::text::bigint
  FROM staged
  WHERE event.order_id = staged.order_id AND event.version = staged.version
    AND event.event_id = staged.event_id AND event.topic_offset IS NULL`

/** By time, but those of one order by version, whatever the clocks of its instances were. */
const INSERT_NEW = `
  INSERT INTO order_events (order_id, version, event_id, time, traceparent, principal, topic, topic_partition,
                            search_from_offset, producer_id, producer_epoch, schema_id, key, value,
                            state, topic_offset, settled_at, settled_in)
  SELECT order_id, version, event_id, time, traceparent, principal, topic, topic_partition,
         topic_offset, -1, -1, schema_id, key, value,
         state, topic_offset, to_timestamp(settled_at / 1000.0), pg_current_xact_id()::text::bigint
  FROM (SELECT *, max(time) OVER (PARTITION BY order_id ORDER BY version) AS latest
        FROM staged) AS placed
  ORDER BY latest, order_id, version
  ON CONFLICT (order_id, version) DO NOTHING`

const MOVE_ORDERS = `
  INSERT INTO orders (order_id, version, status, customer_id, order_date)
  SELECT DISTINCT ON (order_id)
         order_id, version, state ->> 0, state ->> 1, (state ->> 2)::bigint
  FROM staged
  ORDER BY order_id, version DESC
  ON CONFLICT (order_id) DO UPDATE SET version = excluded.version, status = excluded.status
  WHERE orders.version < excluded.version`

/** An order whose last event has no customer was erased: nothing here names the customer any more. */
const ERASE_ORDERS = `
  UPDATE orders SET customer_id = '${NOBODY}'
  FROM staged
  WHERE staged.order_id = orders.order_id AND staged.version = orders.version
    AND staged.state ->> 1 = '${NOBODY}'`

const ERASE_EVENTS = `
  UPDATE order_events AS event SET ${ERASED_COLUMNS}
  FROM orders
  WHERE orders.order_id = event.order_id AND orders.customer_id = '${NOBODY}'
    AND event.version < orders.version AND orders.order_id IN (SELECT order_id FROM staged)`

const RAISE_ITEMS_MAX = `
  UPDATE order_size
  SET items_max = greatest(items_max, (SELECT max(json_array_length(state -> 5)) FROM staged))`

const STAGE_TOMBSTONES = `
  INSERT INTO tombstones SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`

/** Of an order whose events are all gone nothing else says that its id was taken. */
const TAKE_IDS = `
  INSERT INTO orders (order_id, version, status, customer_id, order_date)
  SELECT order_id, ${RETIRED.version}, '${RETIRED.status}', '${RETIRED.customerId}', ${RETIRED.orderDate}
  FROM tombstones
  ON CONFLICT DO NOTHING`

/** Rejects with a StoreError when the database cannot be used, or instances have it. */
export async function openImport(
  address: DatabaseAddress & { readonly mustBeDurable: boolean },
): Promise<StoreImport> {
  const { database } = address
  const { client, socket } = createLink({ ...address, timeouts: TIMEOUTS })
  client.on('error', () => {})
  const asked = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer
    } catch (error) {
      throw translatePostgresError(database, error, 'working') ?? error
    }
  }
  try {
    await asked(begin(client, address))
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    settledEnds: (topic) => asked(settledEnds(client, topic)),
    stage: (events) => asked(stage(client, events)),
    stageTombstones: async (orderIds) =>
      void (await asked(client.query(STAGE_TOMBSTONES, [orderIds]))),
    complete: (choice) => asked(complete(client, choice)),
    commit: async () => void (await asked(client.query('COMMIT'))),
    // An open transaction is rolled back with its connection.
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  }
}

async function begin(
  client: Client,
  address: DatabaseAddress & { readonly mustBeDurable: boolean },
): Promise<void> {
  const { database } = address
  await client.connect()
  await beginSession(client, { ...address, statementMs: TIMEOUTS.statementMs })
  await client.query('BEGIN')
  await migrate(
    async <Row>({ text }: { text: string }, values: readonly unknown[] = []) =>
      (await client.query(text, [...values])).rows as Row[],
    { database, migrations: readMigrations('postgres'), mode: 'auto' },
  )
  await client.query(PREPARE)
  const liveCount = await count(client, COUNT_LIVE)
  if (liveCount === 0) return
  throw new StoreError(
    `The database ${database} is used by ${liveCount} running instances: stop them first. One that was ` +
      'killed counts until its lease has run out (INSTANCE_LEASE_MS)',
    'no',
  )
}

async function settledEnds(client: Client, topic: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await client.query<{ partition: number; end: number }>(
    `SELECT topic_partition AS "partition", max(topic_offset) + 1 AS "end"
     FROM order_events WHERE topic = $1 AND topic_offset IS NOT NULL GROUP BY topic_partition`,
    [topic],
  )
  return new Map(rows.map(({ partition, end }) => [partition, end]))
}

async function stage(client: Client, events: readonly ImportedEvent[]): Promise<void> {
  const rows = events.map((event) => {
    return { ...event, key: event.key && toHex(event.key), value: toHex(event.value) }
  })
  await client.query(STAGE, [JSON.stringify(rows)])
}

async function complete(
  client: Client,
  { isRestored }: Pick<ImportChoice, 'isRestored'>,
): Promise<ImportReport> {
  await client.query(FORGET_FOREIGN_PLACES)
  await client.query(FORGET_KNOWN)
  await client.query(FORGET_RETIRED)
  const { rows: conflicts } = await client.query<Conflict>(LIST_CONFLICTS)
  const isWritten = conflicts.length === 0 && (isRestored || (await count(client, COUNT_NEW)) > 0)
  const {
    imported = 0,
    pendingSettled = 0,
    pendingDropped = 0,
  } = isWritten ? await writeStaged(client) : {}
  const takenIdCount = conflicts.length === 0 ? ((await client.query(TAKE_IDS)).rowCount ?? 0) : 0
  return {
    importedCount: imported,
    pendingSettledCount: pendingSettled,
    pendingDroppedCount: pendingDropped,
    takenIdCount,
    eventCount: await count(client, 'SELECT count(*)::integer AS "count" FROM order_events'),
    orderCount: await count(client, 'SELECT count(*)::integer AS "count" FROM orders'),
    conflicts: conflicts.slice(0, CONFLICTS_NAMED_MAX),
    conflictCount: conflicts.length,
  }
}

async function writeStaged(client: Client) {
  const changed = async (text: string): Promise<number> => (await client.query(text)).rowCount ?? 0
  await client.query('ANALYZE staged')
  const pendingDropped = await changed(DROP_PENDING)
  const pendingSettled = await changed(SETTLE_PENDING)
  const inserted = await changed(INSERT_NEW)
  await changed(MOVE_ORDERS)
  await changed(RAISE_ITEMS_MAX)
  await changed(ERASE_ORDERS)
  await changed(ERASE_EVENTS)
  return { imported: pendingSettled + inserted, pendingSettled, pendingDropped }
}

async function count(client: Client, text: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(text)
  return rows[0]?.count ?? 0
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
