import type { PublishedEvent } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import { CommandError } from '../errors.ts'
import type { DescribeHeaders, EventHeader } from '../ports.ts'
import { readStore, type ChangeDeps } from './begin-change.ts'
import { getOrder } from './get-order.ts'
import type { ReadDeps } from './list-orders.ts'

/** All that a record on the topic is made of. */
export interface DescribedEvent extends PublishedEvent {
  readonly headers: readonly EventHeader[]
}

/** One settled event of an order. Throws ORDER_NOT_FOUND, EVENT_NOT_FOUND or STORE_UNAVAILABLE. */
export async function getOrderEvent(
  deps: ReadDeps & Pick<ChangeDeps, 'store'> & { readonly describeHeaders: DescribeHeaders },
  orderId: OrderId,
  version: number,
): Promise<DescribedEvent> {
  const { reader, clock, publishTimeoutMs, describeHeaders } = deps
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const found = await readStore(reader.findEvent(orderId, version), clock, deadlineMs)
  if (found !== undefined) return { ...found, headers: describeHeaders(found.event) }
  await getOrder(deps, orderId)
  throw new CommandError(
    'EVENT_NOT_FOUND',
    `Order '${orderId}' has no confirmed event of version ${version}`,
  )
}
