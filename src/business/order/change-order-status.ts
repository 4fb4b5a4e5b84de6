import type { OrderEvent } from '../../models/order-event.ts'
import { isErased } from '../../models/order.ts'
import type { CommandError } from '../errors.ts'
import type { SettledOrder } from '../ports.ts'
import { transitionNotAllowed, versionMoved } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import { changeOrder } from './change-order.ts'
import type { ChangedOrder, ChangeOrderStatus } from './commands.ts'
import { allowedNextStatuses } from './order-status.ts'

/**
 * Gives an order another status. Throws VERSION_MOVED, STATUS_TRANSITION_NOT_ALLOWED, or what
 * {@link changeOrder} throws.
 */
export function changeOrderStatus(
  deps: ChangeDeps,
  command: ChangeOrderStatus,
): Promise<ChangedOrder> {
  const { orderId, status, leaving, retryKey, traceparent, principal } = command
  const asksFor = ({ type, order, version, principal: of }: OrderEvent): boolean =>
    type === 'order-status-changed' &&
    of === principal &&
    order.status === status &&
    !isErased(order) &&
    isExpected(command, version - 1)
  return changeOrder(deps, {
    request: { orderId, asksFor, leaving, ...(retryKey && { retryKey }) },
    findObjection: (settled) => findObjection(deps, command, settled),
    apply: (order) => ({ ...order, status }),
    retryKey,
    traceparent,
    principal,
  })
}

function isExpected({ expectedVersions }: ChangeOrderStatus, version: number): boolean {
  return expectedVersions === undefined || expectedVersions.includes(version)
}

/** Why the change is not to be made of this order; undefined where it is. */
function findObjection(
  { statusPolicy }: ChangeDeps,
  command: ChangeOrderStatus,
  { order, version }: SettledOrder,
): CommandError | undefined {
  if (!isExpected(command, version)) return versionMoved(order.orderId, version)
  // Its erasure was its last event.
  const allowed = isErased(order) ? [] : allowedNextStatuses(statusPolicy, order.status)
  if (allowed.includes(command.status)) return undefined
  return transitionNotAllowed(order, command.status, allowed)
}
