import type { OrderEvent } from '../../models/order-event.ts'
import type { Order } from '../../models/order.ts'
import { CommandError } from '../errors.ts'
import {
  changeInFlight,
  preparePending,
  waitForEarlierChange,
  type ChangeDeps,
} from './begin-change.ts'
import type { CreateOrder } from './commands.ts'
import { generateOrder } from './order-generator.ts'

/** Creates an order. Throws ORDER_ALREADY_EXISTS, CHANGE_IN_FLIGHT, or a 503 with its outcome. */
export async function createOrder(deps: ChangeDeps, command: CreateOrder): Promise<Order> {
  const { orderId, numItems, traceparent } = command
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  const isSameRequest = ({ type, order }: OrderEvent): boolean =>
    type === 'order-created' && order.items.length === numItems

  for (;;) {
    const earlier = deps.publications.find(orderId)
    if (earlier === undefined) break
    const repeated = await waitForEarlierChange(deps.clock, earlier, isSameRequest, deadlineMs)
    if (repeated !== undefined) return repeated
  }

  const order = generateOrder(orderId, numItems, deps)
  const pending = preparePending(deps, {
    eventId: deps.ids.nextEventId(),
    type: 'order-created',
    version: 1,
    time: order.orderDate,
    order,
    ...(traceparent === undefined ? {} : { traceparent }),
  })
  const confirmation = await deps.publications.confirm(pending, deadlineMs)
  if (confirmation.kind === 'settled') return order
  if (confirmation.refusal === 'order-exists') {
    throw new CommandError('ORDER_ALREADY_EXISTS', `Order '${orderId}' already exists`)
  }
  throw changeInFlight(orderId)
}
