import type { Clock, OrderQuery, OrderReader, SettledOrder } from '../ports.ts'
import { readStore } from './begin-change.ts'

export interface ReadDeps {
  readonly reader: OrderReader
  readonly clock: Clock
  readonly publishTimeoutMs: number
}

/** Orders as their last settled changes left them. Throws STORE_UNAVAILABLE. */
export function listOrders(
  { reader, clock, publishTimeoutMs }: ReadDeps,
  query: OrderQuery,
): Promise<readonly SettledOrder[]> {
  return readStore(reader.listOrders(query), clock, clock.monotonicMs() + publishTimeoutMs)
}
