import type { OrderEvent } from '../../models/order-event.ts'
import { changeInFlight, orderAlreadyExists, requestInFlight } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { BroughtOrder, ChangedOrder, CreateOrder } from './commands.ts'
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
  const { orderId, leaving, retryKey } = command
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  const asksFor = (event: OrderEvent): boolean =>
    event.type === 'order-created' &&
    event.principal === command.principal &&
    asksTheSame(command, event)
  const request = { orderId, asksFor, leaving, ...(retryKey && { retryKey }) }
  return inTurn(deps, request, deadlineMs, () => create(deps, command, request, deadlineMs))
}

/** Of the events that this process has made, for as long as these live. */
const broughtFor = new WeakMap<OrderEvent, BroughtOrder>()

/** Of an event that an earlier process has left only the order is known, with all that was generated. */
function asksTheSame(command: CreateOrder, event: OrderEvent): boolean {
  const brought = broughtFor.get(event) ?? command.brought
  return bringsOrder(command, event.order) && namesOf(brought) === namesOf(command.brought)
}

function namesOf(brought: BroughtOrder = {}): string {
  return Object.keys(brought).toSorted().join()
}

async function create(
  deps: ChangeDeps,
  command: CreateOrder,
  request: Request,
  deadlineMs: number,
): Promise<ChangedOrder> {
  const { orderId, retryKey } = command
  do {
    const answer = retryKey && (await findAnswerByKey(deps, command, deadlineMs))
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
  const event: OrderEvent = {
    eventId: deps.ids.nextEventId(),
    type: 'order-created',
    version: 1,
    time,
    order,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(principal === undefined ? {} : { principal }),
  }
  broughtFor.set(event, command.brought ?? {})
  return event
}
