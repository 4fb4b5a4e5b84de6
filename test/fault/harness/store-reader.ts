import { DatabaseSync } from 'node:sqlite'

/** An event as the store has it, whatever the store is. */
export interface StoredEventRow {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  readonly value: Uint8Array
  readonly partition: number
  /** Null while it is pending. */
  readonly offset: number | null
}

/** The order as the store shows it to others. */
export interface StoredOrderRow {
  readonly orderId: string
  readonly version: number
  readonly status: string
}

/** Looks into the store past the service, at any time, whether the service lives or not. */
export interface StoreReader {
  /** Oldest first. */
  events(): AsyncIterable<StoredEventRow>
  orders(): AsyncIterable<StoredOrderRow>
  /** Event ids of what is pending now. */
  pendingIds(): Promise<readonly string[]>
}

export function createSqliteReader(path: string): StoreReader {
  return {
    async *events() {
      using database = new DatabaseSync(path, { readOnly: true })
      const rows = database
        .prepare(
          `SELECT event_id, order_id, version, value, topic_partition, topic_offset
           FROM order_events ORDER BY id`,
        )
        .iterate()
      for (const row of rows) {
        const offset = row['topic_offset']
        yield {
          eventId: String(row['event_id']),
          orderId: String(row['order_id']),
          version: Number(row['version']),
          value: row['value'] as Uint8Array,
          partition: Number(row['topic_partition']),
          offset: offset === null ? null : Number(offset),
        }
      }
    },
    async *orders() {
      using database = new DatabaseSync(path, { readOnly: true })
      const rows = database.prepare('SELECT order_id, version, status FROM orders').iterate()
      for (const row of rows) {
        yield {
          orderId: String(row['order_id']),
          version: Number(row['version']),
          status: String(row['status']),
        }
      }
    },
    async pendingIds() {
      using database = new DatabaseSync(path, { readOnly: true })
      return database
        .prepare('SELECT event_id FROM order_events WHERE topic_offset IS NULL')
        .all()
        .map((row) => String(row['event_id']))
    },
  }
}
