import type { Client, QueryResultRow } from 'pg'
import { createLink, type DatabaseAddress } from './connection.ts'
import { translatePostgresError } from './postgres-errors.ts'
import { LIFT_TRANSACTION_TIMEOUT } from './session-settings.ts'

/**
 * Of the largest orders, with their states and with bytes as twice as many digits, about 160 MB: what one answer
 * may have is bounded (bounded-messages.ts).
 */
export const PAGE_ROWS = 50

/** A page may come from a disk that the service keeps busy. */
const TIMEOUTS = { connectMs: 5_000, statementMs: 60_000, answerMs: 60_000 }

/** The rows of a SELECT as they are at one instant. The transaction stays open. */
export async function* readPages<Row extends QueryResultRow>(
  client: Client,
  select: string,
): AsyncGenerator<readonly Row[]> {
  await client.query(`SELECT ${LIFT_TRANSACTION_TIMEOUT}`)
  await client.query(`
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    DECLARE all_rows NO SCROLL CURSOR FOR ${select}`)
  for (;;) {
    const { rows } = await client.query<Row>(`FETCH ${PAGE_ROWS} FROM all_rows`)
    if (rows.length === 0) return
    yield rows
  }
}

/**
 * The rows of a SELECT as they are at one instant, read beside the services that use the database. Rejects with
 * a StoreError when it cannot.
 */
export async function* readRows<Row extends QueryResultRow>(
  { database, ...address }: DatabaseAddress,
  select: string,
): AsyncGenerator<Row> {
  const { client, socket } = createLink({ ...address, timeouts: TIMEOUTS })
  // Told by the statement that it interrupts.
  client.on('error', () => {})
  try {
    await client.connect()
    for await (const rows of readPages<Row>(client, select)) yield* rows
  } catch (error) {
    throw translatePostgresError(database, error, 'working') ?? error
  } finally {
    // Nothing is to be committed, and a server that hangs would not say good-bye.
    socket.destroy()
  }
}
