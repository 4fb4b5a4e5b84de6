import type { Client } from 'pg'
import type { PendingEvent } from '../../../models/order-event.ts'
import { toPendingEvent, type EventRow } from '../order-row.ts'
import type { StoreFacts } from '../store-facts.ts'
import { createLink } from './connection.ts'
import { SELECT_RESERVED } from './event-columns.ts'
import { translatePostgresError } from './postgres-errors.ts'
import { beginSession } from './session.ts'

const TIMEOUTS = { connectMs: 3_000, statementMs: 5_000, answerMs: 6_000 }

interface InspectOptions {
  readonly url: string
  readonly database: string
  readonly mustBeDurable: boolean
}

/**
 * Looks at a database beside the services that use it; never writes. Rejects with a StoreError where
 * the service could not use it.
 */
export function inspectStore(options: InspectOptions): Promise<StoreFacts> {
  return withSession(options, async (client) => {
    const found = await client.query<{ exists: boolean; encoding: string }>(
      `SELECT to_regclass('order_events') IS NOT NULL AS exists,
              current_setting('server_encoding') AS encoding`,
    )
    const { exists = false, encoding = '' } = found.rows[0] ?? {}
    const name = `PostgreSQL, ${options.database}`
    const facts = { name, exists, freeBytes: undefined, encoding }
    if (!exists) return { ...facts, pendingCount: 0 }
    const { rows } = await client.query<{ pending: number }>(
      'SELECT count(*)::integer AS pending FROM order_events WHERE topic_offset IS NULL',
    )
    return { ...facts, pendingCount: rows[0]?.pending ?? 0 }
  })
}

/** The oldest pending events, whoever owns them; never writes. Rejects as {@link inspectStore} does. */
export function listPendingEvents(options: InspectOptions, limit: number): Promise<PendingEvent[]> {
  return withSession(options, async (client) => {
    const { rows } = await client.query<EventRow>(
      `SELECT ${SELECT_RESERVED} FROM order_events WHERE topic_offset IS NULL ORDER BY id LIMIT $1`,
      [limit],
    )
    return rows.map(toPendingEvent)
  })
}

/** A session like one of the service. */
async function withSession<Answer>(
  options: InspectOptions,
  ask: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const { client, socket } = createLink({ url: options.url, timeouts: TIMEOUTS })
  // The statement that it interrupts rejects.
  client.on('error', () => {})
  try {
    await client.connect()
    await beginSession(client, options)
    return await ask(client)
  } catch (error) {
    throw translatePostgresError(options.database, error, 'connecting') ?? error
  } finally {
    socket.destroy()
  }
}
