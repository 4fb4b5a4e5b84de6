import { NOBODY } from '../../../models/order.ts'
import type { StoredEvent } from '../store-facts.ts'
import type { DatabaseAddress } from './connection.ts'
import { readRows } from './row-pages.ts'

const SELECT = `
  SELECT event_id AS "eventId", order_id AS "orderId", version, value,
         topic_partition AS "partition", topic_offset AS "offset",
         state ->> 1 = '${NOBODY}' AS "isErased"
  FROM order_events
  ORDER BY order_id, version`

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
export async function* readStoredEvents(address: DatabaseAddress): AsyncGenerator<StoredEvent> {
  for await (const row of readRows<Row>(address, SELECT)) yield toStoredEvent(row)
}

function toStoredEvent({ partition, offset, ...event }: Row): StoredEvent {
  return { ...event, position: offset === null ? undefined : { partition, offset } }
}
