import type { PendingEvent } from '../../../models/order-event.ts'
import type { Arguments, Value } from '../operation.ts'
import { type EventKey, type EventRow, toPendingEvent } from '../order-row.ts'
import { toArrayParameter } from './array-parameters.ts'
import type { Query } from './connection.ts'
import {
  RESERVED_COLUMNS,
  RESERVED_VALUES,
  reservedArrays,
  SELECT_RESERVED,
  unnestReserved,
} from './event-columns.ts'

/**
 * Every statement on orders and their events. Those for several operations take one array for each
 * column, with each order at most once, and answer with one text, a word for each row in its order.
 *
 * They are written so that each row is looked up by an index, whatever the planner thinks of the
 * tables, which it saw when they were small. To join with the index of pending events, which it takes
 * for nearly empty, would cost the square of a batch. So a change asks for `settled_at`, which that
 * index does not know; and a look is no EXISTS, for which a whole index may be hashed.
 *
 * What nearly always holds is done first. Only a row with which it is not done is asked why, of what the
 * statement saw when it began.
 */

/** Advisory locks of ours, apart from those of others: "cart". */
const KEY_LOCK_SPACE = 0x63617274

/** So many locks share all keys: the server's lock table is small, and shared with everybody. */
const KEY_LOCK_MASK = 255

/**
 * The lock on our own row lets nobody take over from us before the events are there: whoever takes
 * over finds them. Rows are inserted in the order of their order ids, and so wait for those of other
 * instances in one direction only; `id` keeps the order of arrival. A row with an idempotency key
 * could wait for that, too, and against this direction. So all keys of the statement are locked
 * before its first row, in an order of their own: nobody who waits for a key holds a row, and no row
 * waits for a key.
 *
 * What is not inserted and not refused met the event of another instance, which was not there when this
 * statement began and was pending when it appeared.
 */
const RESERVE = {
  name: 'reserve',
  text: `
    WITH me AS (
      SELECT FROM instances WHERE instance_id = $1 FOR KEY SHARE
    ), asked AS (
      SELECT nextval('order_events_id_seq') AS id, event.*
      FROM unnest(${unnestReserved(2)})
        WITH ORDINALITY AS event (${RESERVED_COLUMNS}, ordinal)
    ), locked AS MATERIALIZED (
      SELECT count(pg_advisory_xact_lock(${KEY_LOCK_SPACE}, key_lock)) AS key_count
      FROM (
        SELECT DISTINCT hashtext(idempotency_key) & ${KEY_LOCK_MASK} AS key_lock
        FROM asked
        WHERE idempotency_key IS NOT NULL
        ORDER BY key_lock
      ) AS used
    ), inserted AS (
      INSERT INTO order_events (id, owner, ${RESERVED_COLUMNS})
      SELECT id, $1, ${RESERVED_VALUES}
      FROM asked
      WHERE (SELECT key_count FROM locked) >= 0 AND EXISTS (SELECT FROM me)
        AND coalesce((SELECT version FROM orders WHERE orders.order_id = asked.order_id), 0)
          = asked.version - 1
      ORDER BY order_id
      ON CONFLICT DO NOTHING
      RETURNING id
    )
    SELECT string_agg(
      CASE
        WHEN id IN (SELECT id FROM inserted) THEN 'reserved'
        WHEN NOT EXISTS (SELECT FROM me) THEN 'taken-over-from'
        ELSE (
          SELECT CASE
            WHEN (
              SELECT TRUE FROM order_events AS earlier
              WHERE earlier.idempotency_key = asked.idempotency_key
            ) THEN 'key-used'
            WHEN asked.version = 1 AND settled.version IS NOT NULL THEN 'order-exists'
            WHEN asked.version > 1 AND settled.version IS NULL THEN 'order-missing'
            WHEN (
              SELECT TRUE FROM order_events AS pending
              WHERE pending.order_id = asked.order_id AND pending.topic_offset IS NULL
            ) THEN 'event-pending'
            WHEN settled.version <> asked.version - 1 THEN 'version-moved'
            WHEN asked.idempotency_key IS NOT NULL THEN 'key-used'
            ELSE 'event-pending'
          END
          FROM (
            SELECT (SELECT version FROM orders WHERE orders.order_id = asked.order_id)
          ) AS settled (version)
        )
      END,
      ',' ORDER BY ordinal
    ) AS results
    FROM asked`,
}

/** Names events by the parameters from the second on. */
const ASKED_KEYS = '$2::text[], $3::integer[], $4::text[]'

/**
 * The columns of an order come from the stored state, so that its row cannot say anything else than
 * the event. "stray": the order does not stand at the version before, which only a bug can bring.
 */
const SETTLE = {
  name: 'settle',
  text: `
    WITH asked AS (
      SELECT *
      FROM unnest(${ASKED_KEYS}, $5::integer[], $6::bigint[]) WITH ORDINALITY AS key (
        order_id, version, event_id, new_partition, new_offset, ordinal
      )
    ), settled AS (
      UPDATE order_events AS event
      SET topic_partition = new_partition, topic_offset = new_offset, settled_at = clock_timestamp(),
          settled_in = pg_current_xact_id()::text::bigint
      FROM asked
      WHERE event.order_id = asked.order_id AND event.version = asked.version
        AND event.event_id = asked.event_id AND event.owner = $1 AND event.settled_at IS NULL
        AND coalesce((SELECT version FROM orders WHERE orders.order_id = asked.order_id), 0)
          = asked.version - 1
      RETURNING ordinal, event.order_id, event.version, state
    ), moved AS (
      INSERT INTO orders (order_id, version, status, customer_id, order_date)
      SELECT order_id, version, state ->> 0, state ->> 1, (state ->> 2)::bigint
      FROM settled
      ON CONFLICT (order_id) DO UPDATE SET version = excluded.version, status = excluded.status
    )
    SELECT string_agg(
      CASE
        WHEN ordinal IN (SELECT ordinal FROM settled) THEN 'settled'
        ELSE coalesce(
          (
            SELECT CASE
              WHEN topic_offset IS NOT NULL THEN 'settled-before'
              WHEN owner = $1 AND asked.version - 1 <> coalesce(
                (SELECT version FROM orders WHERE orders.order_id = asked.order_id), 0
              ) THEN 'stray'
            END
            FROM order_events AS event
            WHERE event.order_id = asked.order_id AND event.version = asked.version
              AND event.event_id = asked.event_id
          ),
          'not-owned'
        )
      END,
      ',' ORDER BY ordinal
    ) AS results
    FROM asked`,
}

const DISCARD = {
  name: 'discard',
  text: `
    WITH asked AS (
      SELECT *
      FROM unnest(${ASKED_KEYS}) WITH ORDINALITY AS key (order_id, version, event_id, ordinal)
    ), discarded AS (
      DELETE FROM order_events AS event
      USING asked
      WHERE event.order_id = asked.order_id AND event.version = asked.version
        AND event.event_id = asked.event_id AND event.owner = $1 AND event.settled_at IS NULL
      RETURNING ordinal
    )
    SELECT string_agg(
      CASE
        WHEN ordinal IN (SELECT ordinal FROM discarded) THEN 'discarded'
        WHEN (
          SELECT TRUE FROM order_events AS event
          WHERE event.order_id = asked.order_id AND event.version = asked.version
            AND event.event_id = asked.event_id
        ) THEN 'not-owned'
        ELSE 'absent'
      END,
      ',' ORDER BY ordinal
    ) AS results
    FROM asked`,
}

const LIST_PENDING = {
  name: 'list-pending',
  text: `
    SELECT ${SELECT_RESERVED} FROM order_events WHERE topic_offset IS NULL ORDER BY id LIMIT $1`,
}

export async function reserve(
  query: Query,
  calls: readonly Arguments<'reserve'>[],
): Promise<readonly Value<'reserve'>[]> {
  const rows = calls.map(([, row]) => row)
  return wordsOf(
    await query<Answer>(RESERVE, [ownerOf(calls), ...reservedArrays(rows)]),
  ) as Value<'reserve'>[]
}

export async function settle(
  query: Query,
  calls: readonly Arguments<'settle'>[],
): Promise<readonly (Value<'settle'> | 'stray')[]> {
  const values = [
    ...keyParameters(calls),
    toArrayParameter('integer', calls, ([, , { partition }]) => partition),
    toArrayParameter('bigint', calls, ([, , { offset }]) => offset),
  ]
  return wordsOf(await query<Answer>(SETTLE, values)) as (Value<'settle'> | 'stray')[]
}

export async function discard(
  query: Query,
  calls: readonly Arguments<'discard'>[],
): Promise<readonly Value<'discard'>[]> {
  return wordsOf(await query<Answer>(DISCARD, keyParameters(calls))) as Value<'discard'>[]
}

/** The owner, and {@link ASKED_KEYS}. */
function keyParameters(
  calls: readonly (readonly [owner: string, key: EventKey, ...unknown[]])[],
): readonly unknown[] {
  return [
    ownerOf(calls),
    toArrayParameter('text', calls, ([, { orderId }]) => orderId),
    toArrayParameter('integer', calls, ([, { version }]) => version),
    toArrayParameter('text', calls, ([, { eventId }]) => eventId),
  ]
}

/** The calls of one statement have the same. */
function ownerOf(calls: readonly (readonly [owner: string, ...unknown[]])[]): string | undefined {
  return calls[0]?.[0]
}

export async function listPending(query: Query, limit: number): Promise<readonly PendingEvent[]> {
  return (await query<EventRow>(LIST_PENDING, [limit])).map(toPendingEvent)
}

export async function countProbe(query: Query): Promise<true> {
  await query({ name: 'probe', text: 'UPDATE write_probe SET writes = writes + 1' })
  return true
}

export async function saveSchemaId(
  query: Query,
  ...values: Arguments<'saveSchemaId'>
): Promise<true> {
  const text = `
    INSERT INTO schema_ids (subject, fingerprint, schema_id) VALUES ($1, $2, $3)
    ON CONFLICT (subject, fingerprint) DO UPDATE SET schema_id = excluded.schema_id`
  await query({ text }, values)
  return true
}

export async function forgetSchemaId(
  query: Query,
  ...values: Arguments<'forgetSchemaId'>
): Promise<true> {
  const text = 'DELETE FROM schema_ids WHERE subject = $1 AND fingerprint = $2'
  await query({ text }, values)
  return true
}

/** How many. Instances that do it at the same time share the work. */
export async function forgetKeys(query: Query, ageMs: number, limit: number): Promise<number> {
  const text = `
    WITH old AS (
      SELECT order_id, version FROM order_events
      WHERE idempotency_key IS NOT NULL
        AND settled_at < clock_timestamp() - $1 * interval '1 millisecond'
      ORDER BY settled_at
      LIMIT $2
      FOR UPDATE SKIP LOCKED
    )
    UPDATE order_events AS event SET idempotency_key = NULL, request_fingerprint = NULL
    FROM old
    WHERE event.order_id = old.order_id AND event.version = old.version
    RETURNING 1`
  return (await query({ text }, [ageMs, limit])).length
}

/** What a statement for several calls answers. */
interface Answer {
  readonly results: string
}

function wordsOf([answer]: readonly Answer[]): readonly string[] {
  return answer?.results.split(',') ?? []
}
