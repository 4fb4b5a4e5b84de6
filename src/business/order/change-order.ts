import type { OrderEvent, RetryKey } from '../../models/order-event.ts'
import type { Order, OrderId } from '../../models/order.ts'
import type { CommandError } from '../errors.ts'
import type { SettledOrder } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { changeInFlight, orderNotFound, requestInFlight } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder } from './commands.ts'
import { findAnswerByKey } from './find-earlier-answer.ts'
import { inTurn } from './in-turn.ts'
import { preparePending } from './prepare-pending.ts'
import { refusalBehind, waitForEarlierChange, type Request } from './wait-for-earlier-change.ts'

/** A change of an order that exists. */
export interface OrderChange {
  readonly request: Request
  /** Why it is not to be made of this order; undefined where it is. */
  readonly findObjection: (settled: SettledOrder) => CommandError | undefined
  readonly apply: (order: Order) => Order
  readonly retryKey?: RetryKey | undefined
  readonly traceparent?: string | undefined
  readonly principal?: string | undefined
}

/**
 * Changes of one order that come at the same time are applied one after the other. Throws
 * ORDER_NOT_FOUND, what `findObjection` says, CHANGE_IN_FLIGHT, a 503 with its outcome, or what
 * {@link findAnswerByKey} throws.
 */
export function changeOrder(deps: ChangeDeps, asked: OrderChange): Promise<ChangedOrder> {
  const deadlineMs = deps.clock.monotonicMs() + deps.publishTimeoutMs
  return inTurn(deps, asked.request, deadlineMs, (left) => change(deps, asked, deadlineMs, left))
}

async function change(
  deps: ChangeDeps,
  asked: OrderChange,
  deadlineMs: number,
  left: SettledOrder | undefined,
): Promise<ChangedOrder> {
  const { request, retryKey } = asked
  const { orderId } = request
  let known = left
  while (deps.clock.monotonicMs() < deadlineMs) {
    const answer = await findAnswerByKey(deps, request, deadlineMs)
    if (answer !== undefined) return answer
    const earlier = deps.publications.find(orderId)
    if (earlier !== undefined) {
      const repeated = await waitForEarlierChange(deps, earlier, request, deadlineMs)
      if (repeated !== undefined) return repeated
      continue
    }
    // What is known need not be asked for: the store refuses a change of what is not its version.
    const settled = known ?? (await readOrder(deps, orderId, deadlineMs))
    const isAsked = known === undefined
    known = undefined
    // While the store was read another request may have begun: then wait for that one, too.
    if (deps.publications.find(orderId) !== undefined) continue
    const no = settled === undefined ? orderNotFound(orderId) : asked.findObjection(settled)
    // A "no" is the store's: another instance may have changed the order since.
    if (no !== undefined && !isAsked) continue
    if (no !== undefined || settled === undefined) {
      // An earlier try with this key may have been settled, by another instance, since it was asked for.
      const late = await findAnswerByKey(deps, request, deadlineMs)
      if (late !== undefined) return late
      throw no
    }
    const event = changed(deps, asked, settled)
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

/** Throws STORE_UNAVAILABLE. */
export function readOrder(
  { store, clock }: Pick<ChangeDeps, 'store' | 'clock'>,
  orderId: OrderId,
  deadlineMs: number,
): Promise<SettledOrder | undefined> {
  return readStore(store.findOrder(orderId, deadlineMs), clock, deadlineMs)
}

function changed(
  { ids, clock }: ChangeDeps,
  { apply, traceparent, principal }: OrderChange,
  { order, version }: SettledOrder,
): OrderEvent {
  return {
    eventId: ids.nextEventId(),
    type: 'order-status-changed',
    version: version + 1,
    time: clock.now().toISOString(),
    order: apply(order),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(principal === undefined ? {} : { principal }),
  }
}
