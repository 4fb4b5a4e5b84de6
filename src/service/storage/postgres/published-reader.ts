import type { PublishedEvent } from '../../../models/order-event.ts'
import { PUBLISHED_EVENT, type PublishedEventRow, toPublishedEvent } from '../order-row.ts'
import { selected } from './event-columns.ts'
import type { DatabaseAddress } from './connection.ts'
import { readRows } from './row-pages.ts'

const SELECT = `
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
  for await (const row of readRows<PublishedEventRow>(address, SELECT)) yield toPublishedEvent(row)
}
