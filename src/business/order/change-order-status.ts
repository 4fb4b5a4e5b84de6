import type { OrderEvent } from '../../models/order-event.ts'
import type { Order, OrderId, OrderStatus } from '../../models/order.ts'
import { CommandError } from '../errors.ts'
import type { SettledOrder } from '../ports.ts'
import {
  changeInFlight,
  preparePending,
  readStore,
  waitForEarlierChange,
  type ChangeDeps,
} from './begin-change.ts'
import type { ChangeOrderStatus } from './commands.ts'
import { allowedNextStatuses, type StatusPolicy } from './order-status.ts'

/**
 * Gives an order another status. Changes of one order that come at the same time are applied one
 * after the other. Throws ORDER_NOT_FOUND, STATUS_TRANSITION_NOT_ALLOWED, CHANGE_IN_FLIGHT, or a 503
 * with its outcome.
 */
export async function changeOrderStatus(
  deps: ChangeDeps,
  command: ChangeOrderStatus,
): Promise<Order> {
  const { orderId, status } = command
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  const isSameRequest = ({ type, order }: OrderEvent): boolean =>
    type === 'order-status-changed' && order.status === status

  while (deps.clock.monotonicMs() < deadlineMs) {
    const earlier = deps.publications.find(orderId)
    if (earlier !== undefined) {
      const repeated = await waitForEarlierChange(deps.clock, earlier, isSameRequest, deadlineMs)
      if (repeated !== undefined) return repeated
      continue
    }
    const settled = await readStore(deps.store.findOrder(orderId), deps.clock, deadlineMs)
    // While the store was read another request may have begun: then wait for that one, too.
    if (deps.publications.find(orderId) !== undefined) continue
    if (settled === undefined) {
      throw new CommandError('ORDER_NOT_FOUND', `Order '${orderId}' does not exist`)
    }
    assertAllowed(deps.statusPolicy, settled.order, status)

    const event = statusChanged(deps, command, settled)
    const confirmation = await deps.publications.confirm(preparePending(deps, event), deadlineMs)
    if (confirmation.kind === 'settled') return event.order
    if (confirmation.refusal !== 'version-moved') break
  }
  throw changeInFlight(orderId)
}

function statusChanged(
  { ids, clock }: ChangeDeps,
  { status, traceparent }: ChangeOrderStatus,
  { order, version }: SettledOrder,
): OrderEvent {
  return {
    eventId: ids.nextEventId(),
    type: 'order-status-changed',
    version: version + 1,
    time: clock.now().toISOString(),
    order: { ...order, status },
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}

function assertAllowed(policy: StatusPolicy, order: Order, next: OrderStatus): void {
  const allowed = allowedNextStatuses(policy, order.status)
  if (allowed.includes(next)) return
  const instead =
    allowed.length === 0 ? 'no status may follow' : `allowed next: ${allowed.join(', ')}`
  throw new CommandError(
    'STATUS_TRANSITION_NOT_ALLOWED',
    `${describe(order.orderId, order.status)} cannot become ${next}; ${instead}`,
  )
}

function describe(orderId: OrderId, status: OrderStatus): string {
  return `Order '${orderId}' is ${status} and`
}
