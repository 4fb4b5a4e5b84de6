import { NOBODY } from '../../../models/order.ts'
import type { StoredEvent } from '../store-facts.ts'
import { createLink } from './connection.ts'
import type { DatabaseAddress } from './inspect.ts'
import { LIFT_TRANSACTION_TIMEOUT } from './session-settings.ts'
import { translatePostgresError } from './postgres-errors.ts'

/** Of the largest orders, whose bytes come as twice as many digits, far below the bound of an answer. */
const PAGE_EVENTS = 50

/** A page may come from a disk that the service keeps busy. */
const TIMEOUTS = { connectMs: 5_000, statementMs: 60_000, answerMs: 60_000 }

const OPEN = `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  DECLARE stored_events NO SCROLL CURSOR FOR
    SELECT event_id AS "eventId", order_id AS "orderId", version, value,
           topic_partition AS "partition", topic_offset AS "offset",
           state ->> 1 = '${NOBODY}' AS "isErased"
    FROM order_events
    ORDER BY order_id, version`

const FETCH = `FETCH ${PAGE_EVENTS} FROM stored_events`

interface Row {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  readonly value: Uint8Array
  readonly isErased: boolean
  readonly partition: number
  readonly offset: number | null
}

/**
 * All events of a database as they are at one instant, those of an order in their order. Reads beside
 * the services that use it; never writes. Rejects with a StoreError when it cannot.
 */
export async function* readStoredEvents({
  database,
  ...address
}: DatabaseAddress): AsyncGenerator<StoredEvent> {
  const { client, socket } = createLink({ ...address, timeouts: TIMEOUTS })
  // Told by the statement that it interrupts.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`SELECT ${LIFT_TRANSACTION_TIMEOUT}`)
    await client.query(OPEN)
    let rows: Row[]
    do {
      rows = (await client.query<Row>(FETCH)).rows
      for (const row of rows) yield toStoredEvent(row)
    } while (rows.length > 0)
  } catch (error) {
    throw translatePostgresError(database, error, 'working') ?? error
  } finally {
    // Nothing is to be committed, and a server that hangs would not say good-bye.
    socket.destroy()
  }
}

function toStoredEvent({ partition, offset, ...event }: Row): StoredEvent {
  return { ...event, position: offset === null ? undefined : { partition, offset } }
}
