import type { OrderQuery, SettledOrder } from '../ports.ts'
import { readStore } from '../read-store.ts'
import type { ReadDeps } from './queries.ts'

/** Orders as their last settled changes left them. Throws STORE_UNAVAILABLE. */
export function listOrders(
  { reader, clock, publishTimeoutMs }: Omit<ReadDeps, 'store'>,
  query: OrderQuery,
): Promise<readonly SettledOrder[]> {
  return readStore(reader.listOrders(query), clock, clock.monotonicMs() + publishTimeoutMs)
}
