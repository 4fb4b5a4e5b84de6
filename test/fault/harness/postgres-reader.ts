import { Client, type QueryResultRow } from 'pg'
import type { StoreReader } from './store-reader.ts'

const CONNECT_TIMEOUT_MS = 2_000
const QUERY_TIMEOUT_MS = 60_000

/** Asks on a connection of its own each time, because the server may be gone the next time. */
export function createPostgresReader(url: string): StoreReader {
  async function ask<Row extends QueryResultRow>(sql: string): Promise<readonly Row[]> {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query<Row>(sql)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }

  return {
    async *events() {
      const rows = await ask<{
        event_id: string
        order_id: string
        version: number
        value: Buffer
        topic_partition: number
        topic_offset: string | null
      }>(
        `SELECT event_id, order_id, version, value, topic_partition, topic_offset::text
         FROM order_events ORDER BY id`,
      )
      for (const row of rows) {
        yield {
          eventId: row.event_id,
          orderId: row.order_id,
          version: row.version,
          value: row.value,
          partition: row.topic_partition,
          offset: row.topic_offset === null ? null : Number(row.topic_offset),
        }
      }
    },
    async *orders() {
      const rows = await ask<{ order_id: string; version: number; status: string }>(
        'SELECT order_id, version, status FROM orders',
      )
      for (const { order_id: orderId, version, status } of rows) yield { orderId, version, status }
    },
    async pendingIds() {
      const rows = await ask<{ event_id: string }>(
        'SELECT event_id FROM order_events WHERE topic_offset IS NULL',
      )
      return rows.map(({ event_id: eventId }) => eventId)
    },
  }
}
