import type { OrderId } from '../../models/order.ts'
import type { SettledEvent } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { getOrder } from './get-order.ts'
import type { ReadDeps } from './queries.ts'

/** The history of an order. Throws ORDER_NOT_FOUND or STORE_UNAVAILABLE. */
export async function listOrderEvents(
  deps: ReadDeps,
  orderId: OrderId,
  afterVersion: number,
  limit: number,
): Promise<readonly SettledEvent[]> {
  const { reader, clock, publishTimeoutMs } = deps
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const events = await readStore(reader.listEvents(orderId, afterVersion, limit), clock, deadlineMs)
  // An order that exists has at least one; none may also mean that there are no further ones.
  if (events.length === 0) await getOrder(deps, orderId)
  return events
}
