import type { OrderId } from '../../models/order.ts'
import type { DescribeHeaders } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { eventNotFound } from '../refusals.ts'
import { getOrder } from './get-order.ts'
import type { DescribedEvent, ReadDeps } from './queries.ts'

/** One settled event of an order. Throws ORDER_NOT_FOUND, EVENT_NOT_FOUND or STORE_UNAVAILABLE. */
export async function getOrderEvent(
  deps: ReadDeps & { readonly describeHeaders: DescribeHeaders },
  orderId: OrderId,
  version: number,
): Promise<DescribedEvent> {
  const { reader, clock, publishTimeoutMs, describeHeaders } = deps
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const found = await readStore(reader.findEvent(orderId, version), clock, deadlineMs)
  if (found !== undefined) return { ...found, headers: describeHeaders(found.event) }
  await getOrder(deps, orderId)
  throw eventNotFound(orderId, version)
}
