import type { OrderId } from '../../models/order.ts'
import type { SettledOrder } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { orderNotFound } from '../refusals.ts'
import type { ReadDeps } from './queries.ts'

/** The order as its last settled change left it. Throws ORDER_NOT_FOUND or STORE_UNAVAILABLE. */
export async function getOrder(
  { store, clock, publishTimeoutMs }: Omit<ReadDeps, 'reader'>,
  orderId: OrderId,
): Promise<SettledOrder> {
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const settled = await readStore(store.findOrder(orderId), clock, deadlineMs)
  if (settled !== undefined) return settled
  throw orderNotFound(orderId)
}
