import assert from 'node:assert/strict'
import type { HandOverResult } from '../../../business/ports.ts'
import type { PendingEvent } from '../../../models/order-event.ts'
import type { Arguments } from '../operation.ts'
import { type EventRow, toPendingEvent } from '../order-row.ts'
import { readMigrations, tooOld } from '../migrations.ts'
import type { Query } from './connection.ts'
import { SELECT_RESERVED } from './event-columns.ts'
import { MIGRATION_LOCK } from './migrate.ts'

/** Every statement on instances and on whose events are. The clock is the database's. */

/** Any number that no other program uses in this database; the migrations have the next one. */
const TAKE_OVER_LOCK = 7_267_101

/**
 * A version that cannot serve the database any more does not join, whenever that came. No migration is
 * under way meanwhile: one that ends what older versions work with sees all instances of them.
 * Rejects with a StoreError.
 */
export async function join(
  query: Query,
  ...[instanceId, leaseMs, itemsMax]: Arguments<'join'>
): Promise<number> {
  const knows = readMigrations('postgres').length
  await query({ text: 'SELECT pg_advisory_xact_lock_shared($1)' }, [MIGRATION_LOCK])
  const beyond = await query<{ readonly name: string; readonly database: string }>(
    {
      text: `
        SELECT name, current_database() AS database FROM schema_migrations
        WHERE needs > $1 ORDER BY number LIMIT 1`,
    },
    [knows],
  )
  for (const { name, database } of beyond) throw tooOld(database, name, knows)
  await query(
    {
      text: `
        INSERT INTO instances (instance_id, lease_until, joined_at, knows)
        VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond', clock_timestamp(), $3)`,
    },
    [instanceId, leaseMs, knows],
  )
  // Nearly always it changes nothing, and so locks nothing that others wait for.
  await query({ text: 'UPDATE order_size SET items_max = $1 WHERE items_max < $1' }, [itemsMax])
  const [size] = await query<{ readonly itemsMax: number }>({
    text: 'SELECT items_max AS "itemsMax" FROM order_size',
  })
  assert.ok(size, 'order_size has no row')
  return size.itemsMax
}

/**
 * Also when it has run out: as long as the row is there, nobody has taken over.
 * False when the row is gone.
 */
export async function renewLease(
  query: Query,
  instanceId: string,
  leaseMs: number,
): Promise<boolean> {
  const rows = await query(
    {
      name: 'renew-lease',
      text: `
        UPDATE instances SET lease_until = clock_timestamp() + $2 * interval '1 millisecond'
        WHERE instance_id = $1
        RETURNING instance_id`,
    },
    [instanceId, leaseMs],
  )
  return rows.length === 1
}

/** One that leaves nothing behind makes nobody wait for the end of its lease. */
export async function leave(query: Query, instanceId: string): Promise<true> {
  await query(
    {
      text: `
        DELETE FROM instances
        WHERE instance_id = $1
          AND NOT EXISTS (SELECT FROM order_events WHERE topic_offset IS NULL AND owner = $1)`,
    },
    [instanceId],
  )
  return true
}

/**
 * In one transaction: first the dead are fenced, by deleting their rows, and then what belongs to
 * nobody is given to this instance, the oldest first.
 *
 * One take-over at a time in the whole database: to another one the new owner might look like nobody,
 * when it has joined a moment ago. Every lock after that is either free or skipped, so nothing waits
 * for a take-over that itself waits.
 */
export async function takeOver(
  query: Query,
  ...[owner, limit, choice]: Arguments<'takeOverPending'>
): Promise<readonly PendingEvent[]> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)' }, [TAKE_OVER_LOCK])
  if (!(await isInstance(query, owner))) return []
  await fenceDead(query, owner, choice.expiredForMs)
  const left = await lockLeftBehind(query, choice.exceptPartitions, limit)
  if (left.length > 0) await changeOwner(query, left, owner)
  return left.map(toPendingEvent)
}

/**
 * One statement: that another instance is alive and that the events are nobody's is decided together.
 * The other one may die a moment later; then whoever comes next finds them, this instance too.
 *
 * It waits for nobody: only this instance, and a take-over from it that has fenced it, change its
 * events. The take-over skips those that are being handed over and finds them the next time; those
 * that it was quicker with are not at their place (`ctid`) any more, and are left alone.
 */
export async function handOver(
  query: Query,
  ...[owner, keys]: Arguments<'handOver'>
): Promise<HandOverResult> {
  const text = `
    WITH other AS MATERIALIZED (
      SELECT EXISTS (
        SELECT FROM instances WHERE instance_id <> $1 AND lease_until > clock_timestamp()
      ) AS is_alive
    ), found AS (
      SELECT event.ctid AS place
      FROM json_to_recordset($2) AS asked ("orderId" text, version integer, "eventId" text)
      JOIN order_events AS event
        ON event.order_id = "orderId" AND event.version = asked.version
        AND event.event_id = "eventId"
    ), handed_over AS (
      UPDATE order_events AS event SET owner = NULL
      FROM found, other
      WHERE event.ctid = place AND event.owner = $1 AND event.settled_at IS NULL AND is_alive
    )
    SELECT is_alive AS "isAlive" FROM other`
  const rows = await query<{ readonly isAlive: boolean }>({ text }, [owner, JSON.stringify(keys)])
  return rows[0]?.isAlive === true ? 'handed-over' : 'kept'
}

/** Keeps others from fencing this instance while the transaction lasts. */
async function isInstance(query: Query, instanceId: string): Promise<boolean> {
  const rows = await query(
    { text: 'SELECT 1 FROM instances WHERE instance_id = $1 FOR KEY SHARE' },
    [instanceId],
  )
  return rows.length === 1
}

/** An instance in the middle of a reservation is skipped: its next one finds that it is dead. */
async function fenceDead(query: Query, instanceId: string, expiredForMs: number): Promise<void> {
  await query(
    {
      text: `
        WITH dead AS (
          SELECT instance_id FROM instances
          WHERE lease_until < clock_timestamp() - $2 * interval '1 millisecond'
            AND instance_id <> $1
          FOR UPDATE SKIP LOCKED
        )
        DELETE FROM instances USING dead WHERE instances.instance_id = dead.instance_id`,
    },
    [instanceId, expiredForMs],
  )
}

/** In the order of arrival. They stay locked. */
function lockLeftBehind(
  query: Query,
  exceptPartitions: readonly number[],
  limit: number,
): Promise<readonly EventRow[]> {
  const text = `
    SELECT ${SELECT_RESERVED} FROM order_events
    WHERE topic_offset IS NULL AND NOT EXISTS (SELECT FROM instances WHERE instance_id = owner)
      AND topic_partition <> ALL ($2::integer[])
    ORDER BY id
    LIMIT $1
    FOR UPDATE SKIP LOCKED`
  return query<EventRow>({ text }, [limit, exceptPartitions])
}

/** Not the producer: what the former owner still has on its way is a repeat only under the same one. */
async function changeOwner(query: Query, rows: readonly EventRow[], owner: string): Promise<void> {
  const text = `
    UPDATE order_events AS event SET owner = $1
    FROM json_to_recordset($2) AS taken ("orderId" text, version integer)
    WHERE event.order_id = "orderId" AND event.version = taken.version`
  const keys = rows.map(({ orderId, version }) => ({ orderId, version }))
  await query({ text }, [owner, JSON.stringify(keys)])
}
