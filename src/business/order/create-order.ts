import type { OrderEvent } from '../../models/order-event.ts'
import { changeInFlight, orderAlreadyExists, requestInFlight } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder, CreateOrder } from './commands.ts'
import { findAnswerByKey } from './find-earlier-answer.ts'
import { bringsOrder, completeOrder } from './order-generator.ts'
import { inTurn } from './in-turn.ts'
import { preparePending } from './prepare-pending.ts'
import { refusalBehind, waitForEarlierChange, type Request } from './wait-for-earlier-change.ts'

/**
 * Creates an order. Throws ORDER_ALREADY_EXISTS, CHANGE_IN_FLIGHT, a 503 with its outcome, or what
 * {@link findAnswerByKey} throws.
 */
export function createOrder(deps: ChangeDeps, command: CreateOrder): Promise<ChangedOrder> {
  const { orderId, retryKey } = command
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  const asksFor = ({ type, order, principal }: OrderEvent): boolean =>
    type === 'order-created' && principal === command.principal && bringsOrder(command, order)
  const request = { orderId, asksFor, ...(retryKey && { retryKey }) }
  return inTurn(deps, request, deadlineMs, () => create(deps, command, request, deadlineMs))
}

async function create(
  deps: ChangeDeps,
  command: CreateOrder,
  request: Request,
  deadlineMs: number,
): Promise<ChangedOrder> {
  const { orderId, retryKey } = command
  do {
    const answer = await findAnswerByKey(deps, command, deadlineMs)
    if (answer !== undefined) return answer
    const earlier = deps.publications.find(orderId)
    if (earlier !== undefined) {
      const repeated = await waitForEarlierChange(deps, earlier, request, deadlineMs)
      if (repeated !== undefined) return repeated
      continue
    }
    const event = orderCreated(deps, command)
    const pending = preparePending(deps, event, retryKey)
    const confirmation = await deps.publications.confirm(pending, deadlineMs)
    if (confirmation.kind === 'settled') {
      return { order: event.order, version: event.version, isReplayed: false }
    }
    if (confirmation.refusal === 'order-exists') throw orderAlreadyExists(orderId)
    if (confirmation.refusal !== 'key-used') throw changeInFlight(orderId)
  } while (deps.clock.monotonicMs() < deadlineMs)
  if (retryKey !== undefined) throw requestInFlight()
  throw refusalBehind(deps.publications.find(orderId), request)
}

function orderCreated(deps: ChangeDeps, command: CreateOrder): OrderEvent {
  const { traceparent, principal } = command
  const time = deps.clock.now().toISOString()
  const order = completeOrder(command, time, deps.random)
  return {
    eventId: deps.ids.nextEventId(),
    type: 'order-created',
    version: 1,
    time,
    order,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(principal === undefined ? {} : { principal }),
  }
}
