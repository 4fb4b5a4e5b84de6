import { DatabaseSync } from 'node:sqlite'
import type { PublishedEvent } from '../../../models/order-event.ts'
import { PUBLISHED_EVENT, type PublishedEventRow, toPublishedEvent } from '../order-row.ts'
import { selected } from './event-columns.ts'

/**
 * All settled events in the order of their settling, those of an order by version, as they are at one
 * instant. Reads beside the service; throws when there is no such file.
 */
export function* readPublishedEvents(path: string): Generator<PublishedEvent> {
  using db = new DatabaseSync(path, { readOnly: true })
  const rows = db
    .prepare(
      `SELECT ${selected(PUBLISHED_EVENT)}
       FROM order_events INDEXED BY order_events_settled
       WHERE topic_offset IS NOT NULL
       ORDER BY settled_in`,
    )
    .iterate()
  for (const row of rows) yield toPublishedEvent(row as unknown as PublishedEventRow)
}
