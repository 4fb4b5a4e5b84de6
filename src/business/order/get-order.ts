import type { OrderId } from '../../models/order.ts'
import { CommandError } from '../errors.ts'
import type { SettledOrder } from '../ports.ts'
import { readStore, type ChangeDeps } from './begin-change.ts'

/** The order as its last settled change left it. Throws ORDER_NOT_FOUND or STORE_UNAVAILABLE. */
export async function getOrder(
  { store, clock, publishTimeoutMs }: Pick<ChangeDeps, 'store' | 'clock' | 'publishTimeoutMs'>,
  orderId: OrderId,
): Promise<SettledOrder> {
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const settled = await readStore(store.findOrder(orderId), clock, deadlineMs)
  if (settled !== undefined) return settled
  throw new CommandError('ORDER_NOT_FOUND', `Order '${orderId}' does not exist`)
}
