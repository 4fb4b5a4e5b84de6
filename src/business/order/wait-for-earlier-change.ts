import type { OrderEvent, RetryKey } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import type { CommandError } from '../errors.ts'
import type { Publication, PublicationEnd } from '../publication/publication.ts'
import {
  changeInFlight,
  draining,
  leaseNotHeld,
  requestInFlight,
  stillNotConfirmed,
} from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder, Leaving } from './commands.ts'

/** A request that wants to change an order, to those that came before it. */
export interface Request {
  readonly orderId: OrderId
  readonly retryKey?: RetryKey
  readonly leaving?: Leaving | undefined
  /** For one without a key: does it ask for what that event says? */
  readonly asksFor: (event: OrderEvent) => boolean
}

type Deps = Pick<ChangeDeps, 'clock' | 'isDraining' | 'lease'>

/** Waits until the change that is alive has ended. Returns and throws as {@link answerAtEnd} does. */
export async function waitForEarlierChange(
  deps: Deps,
  earlier: Publication,
  request: Request,
  deadlineMs: number,
): Promise<ChangedOrder | undefined> {
  const end = await earlier.waitForEnd(deps.clock, deadlineMs)
  return answerAtEnd(deps, earlier, request, end)
}

/**
 * What the end of an earlier change, or of the wait for it, says to a request. Returns the order when
 * that change was in doubt and is this very request, sent again: the two share one settlement.
 * Undefined: look again. Throws when there was no end in time.
 */
export function answerAtEnd(
  { isDraining, lease }: Omit<Deps, 'clock'>,
  earlier: Publication,
  request: Request,
  end: PublicationEnd | 'deadline',
): ChangedOrder | undefined {
  const relation = relate(earlier, request)
  switch (end) {
    case 'settled':
      // One with a key finds its answer by the key.
      if (relation !== 'repeated') return undefined
      return { order: earlier.event.order, version: earlier.event.version, isReplayed: false }
    case 'discarded':
      return undefined
    case 'deadline':
    case 'abandoned':
      if (end === 'abandoned' && relation === 'other') {
        if (isDraining()) throw draining()
        if (!lease.isHeld) throw leaseNotHeld()
      }
      throw refusalBehind(earlier, request)
  }
}

/** Why a request has no answer in time: the change before it, which may be its own first try. */
export function refusalBehind(earlier: Publication | undefined, request: Request): CommandError {
  switch (earlier === undefined ? 'other' : relate(earlier, request)) {
    case 'same-key':
      return requestInFlight()
    case 'repeated':
      return stillNotConfirmed()
    case 'other':
      return changeInFlight(request.orderId)
  }
}

/** One with a key is known by its key and by nothing else; one without, by what it asks for. */
export function relate(
  earlier: Publication,
  { retryKey, asksFor }: Request,
): 'same-key' | 'repeated' | 'other' {
  if (retryKey !== undefined) {
    return earlier.retryKey?.idempotencyKey === retryKey.idempotencyKey ? 'same-key' : 'other'
  }
  return earlier.isInDoubt && asksFor(earlier.event) ? 'repeated' : 'other'
}
