import { DatabaseSync } from 'node:sqlite'
import { NOBODY } from '../../../models/order.ts'
import type { StoredEvent } from '../store-facts.ts'

/**
 * All events of a database, oldest first, as they are at one instant. Reads beside the service that
 * owns the file; never writes. Throws when there is no such file.
 */
export function* readStoredEvents(path: string): Generator<StoredEvent> {
  using db = new DatabaseSync(path, { readOnly: true })
  const rows = db
    .prepare(
      `SELECT event_id, order_id, version, value, topic_partition, topic_offset,
              state ->> 1 = '${NOBODY}' AS is_erased
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
      isErased: row['is_erased'] === 1,
      position:
        offset === null
          ? undefined
          : { partition: Number(row['topic_partition']), offset: Number(offset) },
    }
  }
}
