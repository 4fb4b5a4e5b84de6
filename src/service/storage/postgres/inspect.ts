import type { Client } from 'pg'
import { StoreError } from '../../../business/ports.ts'
import type { PendingEvent } from '../../../models/order-event.ts'
import { toPendingEvent, type EventRow } from '../order-row.ts'
import type { StoredInstance, StoreFacts } from '../store-facts.ts'
import { createLink, type DatabaseAddress } from './connection.ts'
import { SELECT_RESERVED } from './event-columns.ts'
import { translatePostgresError } from './postgres-errors.ts'
import { readPages } from './row-pages.ts'
import { beginSession } from './session.ts'

const TIMEOUTS = { connectMs: 3_000, statementMs: 5_000, answerMs: 6_000 }

/**
 * Looks at a database beside the services that use it; never writes. Rejects with a StoreError where
 * the service could not use it.
 */
export function inspectStore(
  options: DatabaseAddress & { readonly mustBeDurable: boolean },
): Promise<StoreFacts> {
  return withClient(options, async (client) => {
    await beginSession(client, { ...options, statementMs: TIMEOUTS.statementMs })
    const found = await client.query<{ exists: boolean }>(
      `SELECT to_regclass('order_events') IS NOT NULL AS exists`,
    )
    const { exists = false } = found.rows[0] ?? {}
    const facts = { name: `PostgreSQL, ${options.database}`, exists, freeBytes: undefined }
    if (!exists) return { ...facts, pendingCount: 0 }
    const { rows } = await client.query<{ pending: number }>(
      'SELECT count(*)::integer AS pending FROM order_events WHERE topic_offset IS NULL',
    )
    return { ...facts, pendingCount: rows[0]?.pending ?? 0 }
  })
}

/**
 * The oldest pending events, whoever owns them; never writes. Reads where the service could not
 * write, too: on a standby, or for a read-only role. Rejects with a StoreError when it cannot.
 */
export function listPendingEvents(
  address: DatabaseAddress,
  limit: number,
): Promise<PendingEvent[]> {
  return withClient(address, async (client) => {
    const events: PendingEvent[] = []
    const select = `SELECT ${SELECT_RESERVED} FROM order_events WHERE topic_offset IS NULL ORDER BY id LIMIT ${limit}`
    for await (const rows of readPages<EventRow>(client, select)) {
      events.push(...rows.map(toPendingEvent))
    }
    return events
  })
}

/** More processes do not share a database; a row may stay until its lease has run out long ago. */
const INSTANCES_MAX = 100

/** Those that nobody has taken over from, as they joined; never writes. */
export function listInstances(address: DatabaseAddress): Promise<StoredInstance[]> {
  return withClient(address, async (client) => {
    const { rows } = await client.query<{
      instance_id: string
      lease_until: Date
      joined_at: Date
    }>('SELECT instance_id, lease_until, joined_at FROM instances ORDER BY joined_at LIMIT $1', [
      INSTANCES_MAX,
    ])
    return rows.map((row) => ({
      instanceId: row.instance_id,
      leaseUntil: row.lease_until.toISOString(),
      joinedAt: row.joined_at.toISOString(),
    }))
  })
}

/**
 * One connection for what `ask` has to ask. A signer is asked before it, so that one that is silent says so
 * itself; a service does not wait for one longer than for the server.
 */
export async function withClient<Answer>(
  { database, ...address }: DatabaseAddress,
  ask: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  await awaitSigner(database, address.signPassword)
  const { client, socket } = createLink({ ...address, timeouts: TIMEOUTS })
  // The statement that it interrupts rejects.
  client.on('error', () => {})
  try {
    await client.connect()
    return await ask(client)
  } catch (error) {
    throw translatePostgresError(database, error, 'connecting') ?? error
  } finally {
    socket.destroy()
  }
}

async function awaitSigner(
  database: string,
  signPassword: DatabaseAddress['signPassword'],
): Promise<void> {
  try {
    await signPassword?.()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(`The database ${database} cannot be used: ${reason}`, 'no', error)
  }
}
