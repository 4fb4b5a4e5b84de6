import type { OrderEvent } from '../../models/order-event.ts'
import type { OrderId, OrderStatus } from '../../models/order.ts'
import { CommandError } from '../errors.ts'
import type { SettledOrder } from '../ports.ts'
import {
  changeInFlight,
  preparePending,
  readStore,
  requestInFlight,
  waitForEarlierChange,
  type ChangeDeps,
} from './begin-change.ts'
import type { ChangedOrder, ChangeOrderStatus } from './commands.ts'
import { findAnswerByKey } from './find-earlier-answer.ts'
import { allowedNextStatuses } from './order-status.ts'

/**
 * Gives an order another status. Changes of one order that come at the same time are applied one
 * after the other. Throws ORDER_NOT_FOUND, VERSION_MOVED, STATUS_TRANSITION_NOT_ALLOWED,
 * CHANGE_IN_FLIGHT, a 503 with its outcome, or what {@link findAnswerByKey} throws.
 */
export async function changeOrderStatus(
  deps: ChangeDeps,
  command: ChangeOrderStatus,
): Promise<ChangedOrder> {
  const { orderId, status, retryKey } = command
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  const asksFor = ({ type, order, version }: OrderEvent): boolean =>
    type === 'order-status-changed' && order.status === status && isExpected(command, version - 1)

  while (deps.clock.monotonicMs() < deadlineMs) {
    const answer = await findAnswerByKey(deps, command, deadlineMs)
    if (answer !== undefined) return answer
    const earlier = deps.publications.find(orderId)
    if (earlier !== undefined) {
      const repeated = await waitForEarlierChange(deps, earlier, { retryKey, asksFor }, deadlineMs)
      if (repeated !== undefined) return repeated
      continue
    }
    const settled = await readStore(deps.store.findOrder(orderId), deps.clock, deadlineMs)
    // While the store was read another request may have begun: then wait for that one, too.
    if (deps.publications.find(orderId) !== undefined) continue
    const no = settled === undefined ? notFound(orderId) : findObjection(deps, command, settled)
    if (no !== undefined || settled === undefined) {
      // An earlier try with this key may have been settled, by another instance, since it was asked for.
      const late = await findAnswerByKey(deps, command, deadlineMs)
      if (late !== undefined) return late
      throw no
    }
    const event = statusChanged(deps, command, settled)
    const pending = preparePending(deps, event, retryKey)
    const confirmation = await deps.publications.confirm(pending, deadlineMs)
    if (confirmation.kind === 'settled') {
      return { order: event.order, version: event.version, isReplayed: false }
    }
    const { refusal } = confirmation
    if (refusal !== 'version-moved' && refusal !== 'key-used') throw changeInFlight(orderId)
  }
  throw retryKey === undefined ? changeInFlight(orderId) : requestInFlight()
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
  const allowed = allowedNextStatuses(statusPolicy, order.status)
  if (allowed.includes(command.status)) return undefined
  const instead =
    allowed.length === 0 ? 'no status may follow' : `allowed next: ${allowed.join(', ')}`
  return new CommandError(
    'STATUS_TRANSITION_NOT_ALLOWED',
    `${describe(order.orderId, order.status)} cannot become ${command.status}; ${instead}`,
  )
}

function notFound(orderId: OrderId): CommandError {
  return new CommandError('ORDER_NOT_FOUND', `Order '${orderId}' does not exist`)
}

function versionMoved(orderId: OrderId, version: number): CommandError {
  return new CommandError(
    'VERSION_MOVED',
    `Order '${orderId}' is at version ${version}, not at one that If-Match names`,
  )
}

function describe(orderId: OrderId, status: OrderStatus): string {
  return `Order '${orderId}' is ${status} and`
}
