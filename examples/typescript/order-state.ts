import { DatabaseSync } from 'node:sqlite'

/**
 * What this consumer makes of the events, and which events it has seen: both in one database, and
 * changed in one transaction. So a process that dies at any point leaves an event either applied
 * and known, or neither, and a message that is read again finds out which.
 */

/** The fields of the order that are used here; there are more. */
export interface Order {
  readonly orderId: string
  readonly status: string
}

export interface OrderEvent {
  /** `ce_id` */
  readonly id: string
  /** `ce_sequence`: the version of the order, from 1 without gaps. */
  readonly sequence: number
  /** The whole order after the change. */
  readonly order: Order
}

export type Receipt =
  /** It was the next version. Those that waited for it were applied with it. */
  | { readonly kind: 'applied'; readonly sequences: readonly number[] }
  /** It was here before. */
  | { readonly kind: 'repeated' }
  /** A gap: an earlier version is missing. It is kept, and not applied. */
  | { readonly kind: 'waiting'; readonly missing: number }
  /** It was missing, and its order was made to go on without it. */
  | { readonly kind: 'late' }
  /** Another event was here with the same version of the order. One of the two is wrong. */
  | { readonly kind: 'contradicted'; readonly knownId: string }

export interface Gap {
  readonly orderId: string
  readonly firstMissing: number
  readonly lastMissing: number
}

export interface OrderState {
  /** Applies the event if it is its turn; remembers it in any case but a contradiction. */
  receive(event: OrderEvent): Receipt
  /** Applies every event that waits, over the gaps before them. */
  acceptGaps(): readonly Gap[]
  /** Its order was erased: what waits of it is not applied, and may name the customer. */
  forgetWaiting(orderId: string): void
  close(): void
}

/**
 * `events` has each event that was seen; `waiting_order` is its order while it waits. The other two
 * tables are the work: the state of each order, and how often orders came into each status. The
 * counts are there to show the point, because an event that was applied twice would spoil them.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    order_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    waiting_order TEXT,
    PRIMARY KEY (order_id, sequence)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY,
    last_sequence INTEGER NOT NULL,
    status TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS status_counts (
    status TEXT PRIMARY KEY,
    count INTEGER NOT NULL
  ) STRICT;
`

export function openOrderState(path: string): OrderState {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  // FULL: the offset is committed to Kafka next, so this must not be lost with the machine.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec(SCHEMA)

  const selectEventId = db.prepare(
    'SELECT event_id FROM events WHERE order_id = ? AND sequence = ?',
  )
  const insertEvent = db.prepare(
    'INSERT INTO events (order_id, sequence, event_id, waiting_order) VALUES (?, ?, ?, ?)',
  )
  const endWait = db.prepare(
    'UPDATE events SET waiting_order = NULL WHERE order_id = ? AND sequence = ?',
  )
  const selectWaiting = db.prepare(
    'SELECT waiting_order FROM events WHERE order_id = ? AND sequence = ? AND waiting_order NOT NULL',
  )
  const selectAllWaiting = db.prepare(
    'SELECT sequence, waiting_order FROM events WHERE waiting_order NOT NULL ORDER BY order_id, sequence',
  )
  const endAllWaits = db.prepare('UPDATE events SET waiting_order = NULL WHERE order_id = ?')
  const selectLast = db.prepare('SELECT last_sequence FROM orders WHERE order_id = ?')
  const upsertOrder = db.prepare(
    `INSERT INTO orders (order_id, last_sequence, status) VALUES (?, ?, ?) ON CONFLICT (order_id)
     DO UPDATE SET last_sequence = excluded.last_sequence, status = excluded.status`,
  )
  const countStatus = db.prepare(
    'INSERT INTO status_counts VALUES (?, 1) ON CONFLICT (status) DO UPDATE SET count = count + 1',
  )

  const lastSequence = (orderId: string): number =>
    Number(selectLast.get(orderId)?.['last_sequence'] ?? 0)

  /** The work. Put yours in place of the last line. */
  const apply = (sequence: number, order: Order): void => {
    endWait.run(order.orderId, sequence)
    upsertOrder.run(order.orderId, sequence, order.status)
    countStatus.run(order.status)
  }

  const applyFrom = (first: number, order: Order): number[] => {
    const sequences: number[] = []
    let next: Order | undefined = order
    for (let sequence = first; next !== undefined; sequence += 1) {
      apply(sequence, next)
      sequences.push(sequence)
      next = parseOrder(selectWaiting.get(order.orderId, sequence + 1))
    }
    return sequences
  }

  const receive = ({ id, sequence, order }: OrderEvent): Receipt => {
    const { orderId } = order
    const known = selectEventId.get(orderId, sequence)?.['event_id']
    if (known === id) return { kind: 'repeated' }
    if (known !== undefined) return { kind: 'contradicted', knownId: String(known) }
    const last = lastSequence(orderId)
    insertEvent.run(orderId, sequence, id, sequence > last ? JSON.stringify(order) : null)
    if (sequence <= last) return { kind: 'late' }
    if (sequence > last + 1) return { kind: 'waiting', missing: last + 1 }
    return { kind: 'applied', sequences: applyFrom(sequence, order) }
  }

  const acceptGaps = (): Gap[] => {
    const gaps: Gap[] = []
    for (const row of selectAllWaiting.all()) {
      const order = parseOrder(row)
      if (order === undefined) continue
      const sequence = Number(row['sequence'])
      const last = lastSequence(order.orderId)
      if (sequence > last + 1) {
        gaps.push({ orderId: order.orderId, firstMissing: last + 1, lastMissing: sequence - 1 })
      }
      apply(sequence, order)
    }
    return gaps
  }

  return {
    receive: (event) => inTransaction(db, () => receive(event)),
    acceptGaps: () => inTransaction(db, acceptGaps),
    forgetWaiting: (orderId) => void endAllWaits.run(orderId),
    close: () => db.close(),
  }
}

function parseOrder(row: Record<string, unknown> | undefined): Order | undefined {
  return row === undefined ? undefined : (JSON.parse(String(row['waiting_order'])) as Order)
}

function inTransaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
