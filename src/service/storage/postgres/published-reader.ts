import type { PublishedEvent } from '../../../models/order-event.ts'
import { PUBLISHED_EVENT, type PublishedEventRow, toPublishedEvent } from '../order-row.ts'
import { createLink } from './connection.ts'
import { selected } from './event-columns.ts'
import type { DatabaseAddress } from './inspect.ts'
import { translatePostgresError } from './postgres-errors.ts'
import { LIFT_TRANSACTION_TIMEOUT } from './session-settings.ts'

/** Of the largest orders, whose bytes come as twice as many digits, far below the bound of an answer. */
const PAGE_EVENTS = 50

/** A page may come from a disk that the service keeps busy. */
const TIMEOUTS = { connectMs: 5_000, statementMs: 60_000, answerMs: 60_000 }

const OPEN = `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  DECLARE published_events NO SCROLL CURSOR FOR
    SELECT ${selected(PUBLISHED_EVENT)}
    FROM order_events
    WHERE topic_offset IS NOT NULL
    ORDER BY settled_in, id`

/**
 * All settled events in the order of their settling, those of an order by version, as they are at one
 * instant. Reads beside the services; rejects with a StoreError when it cannot.
 */
export async function* readPublishedEvents(
  address: DatabaseAddress,
): AsyncGenerator<PublishedEvent> {
  const { client, socket } = createLink({ ...address, timeouts: TIMEOUTS })
  // Told by the statement that it interrupts.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`SELECT ${LIFT_TRANSACTION_TIMEOUT}`)
    await client.query(OPEN)
    let rows: PublishedEventRow[]
    do {
      rows = (await client.query<PublishedEventRow>(`FETCH ${PAGE_EVENTS} FROM published_events`))
        .rows
      for (const row of rows) yield toPublishedEvent(row)
    } while (rows.length > 0)
  } catch (error) {
    throw translatePostgresError(address.database, error, 'working') ?? error
  } finally {
    // Nothing is to be committed, and a server that hangs would not say good-bye.
    socket.destroy()
  }
}
