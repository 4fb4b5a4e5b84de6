import type { OrderEvent } from '../../models/order-event.ts'
import type { CommandError } from '../errors.ts'
import type { SettledOrder } from '../ports.ts'
import { readStore } from '../read-store.ts'
import {
  changeInFlight,
  orderNotFound,
  requestInFlight,
  transitionNotAllowed,
  versionMoved,
} from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder, ChangeOrderStatus } from './commands.ts'
import { findAnswerByKey } from './find-earlier-answer.ts'
import { allowedNextStatuses } from './order-status.ts'
import { inTurn } from './in-turn.ts'
import { preparePending } from './prepare-pending.ts'
import { refusalBehind, waitForEarlierChange, type Request } from './wait-for-earlier-change.ts'

/**
 * Gives an order another status. Changes of one order that come at the same time are applied one
 * after the other. Throws ORDER_NOT_FOUND, VERSION_MOVED, STATUS_TRANSITION_NOT_ALLOWED,
 * CHANGE_IN_FLIGHT, a 503 with its outcome, or what {@link findAnswerByKey} throws.
 */
export function changeOrderStatus(
  deps: ChangeDeps,
  command: ChangeOrderStatus,
): Promise<ChangedOrder> {
  const { orderId, status, retryKey } = command
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  const asksFor = ({ type, order, version, principal }: OrderEvent): boolean =>
    type === 'order-status-changed' &&
    principal === command.principal &&
    order.status === status &&
    isExpected(command, version - 1)
  const request = { orderId, asksFor, ...(retryKey && { retryKey }) }
  return inTurn(deps, request, deadlineMs, (left) =>
    change(deps, command, request, deadlineMs, left),
  )
}

async function change(
  deps: ChangeDeps,
  command: ChangeOrderStatus,
  request: Request,
  deadlineMs: number,
  left: SettledOrder | undefined,
): Promise<ChangedOrder> {
  const { orderId, retryKey } = command
  let known = left
  while (deps.clock.monotonicMs() < deadlineMs) {
    const answer = await findAnswerByKey(deps, command, deadlineMs)
    if (answer !== undefined) return answer
    const earlier = deps.publications.find(orderId)
    if (earlier !== undefined) {
      const repeated = await waitForEarlierChange(deps, earlier, request, deadlineMs)
      if (repeated !== undefined) return repeated
      continue
    }
    // What is known need not be asked for: the store refuses a change of what is not its version.
    const settled =
      known ?? (await readStore(deps.store.findOrder(orderId), deps.clock, deadlineMs))
    const isAsked = known === undefined
    known = undefined
    // While the store was read another request may have begun: then wait for that one, too.
    if (deps.publications.find(orderId) !== undefined) continue
    const no =
      settled === undefined ? orderNotFound(orderId) : findObjection(deps, command, settled)
    // A "no" is the store's: another instance may have changed the order since.
    if (no !== undefined && !isAsked) continue
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
  if (retryKey !== undefined) throw requestInFlight()
  throw refusalBehind(deps.publications.find(orderId), request)
}

function statusChanged(
  { ids, clock }: ChangeDeps,
  { status, traceparent, principal }: ChangeOrderStatus,
  { order, version }: SettledOrder,
): OrderEvent {
  return {
    eventId: ids.nextEventId(),
    type: 'order-status-changed',
    version: version + 1,
    time: clock.now().toISOString(),
    order: { ...order, status },
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(principal === undefined ? {} : { principal }),
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
  return transitionNotAllowed(order, command.status, allowed)
}
