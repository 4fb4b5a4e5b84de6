import type { OrderEvent, RetryKey } from '../../models/order-event.ts'
import type { Publication } from '../publication/publication.ts'
import {
  changeInFlight,
  draining,
  leaseNotHeld,
  requestInFlight,
  stillNotConfirmed,
} from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder } from './commands.ts'

/** A request that wants to change an order, to those that came before it. */
export interface Request {
  readonly retryKey: RetryKey | undefined
  /** For one without a key: does it ask for what that event says? */
  readonly asksFor: (event: OrderEvent) => boolean
}

/**
 * Waits until the change that is alive has ended. Returns the order when that change was in doubt
 * and is this very request, sent again: the two share one settlement. Otherwise undefined: look again.
 * Throws when the deadline comes first.
 */
export async function waitForEarlierChange(
  { clock, isDraining, lease }: Pick<ChangeDeps, 'clock' | 'isDraining' | 'lease'>,
  earlier: Publication,
  request: Request,
  deadlineMs: number,
): Promise<ChangedOrder | undefined> {
  const end = await earlier.waitForEnd(clock, deadlineMs)
  const { order, version } = earlier.event
  const relation = relate(earlier, request)
  switch (end) {
    case 'settled':
      // One with a key finds its answer by the key.
      return relation === 'repeated' ? { order, version, isReplayed: false } : undefined
    case 'discarded':
      return undefined
    case 'deadline':
    case 'abandoned':
      if (relation === 'same-key') throw requestInFlight()
      if (relation === 'repeated') throw stillNotConfirmed()
      if (end === 'abandoned' && isDraining()) throw draining()
      if (end === 'abandoned' && !lease.isHeld) throw leaseNotHeld()
      throw changeInFlight(order.orderId)
  }
}

/** One with a key is known by its key and by nothing else; one without, by what it asks for. */
function relate(earlier: Publication, request: Request): 'same-key' | 'repeated' | 'other' {
  const { retryKey, asksFor } = request
  if (retryKey !== undefined) {
    return earlier.retryKey?.idempotencyKey === retryKey.idempotencyKey ? 'same-key' : 'other'
  }
  return earlier.isInDoubt && asksFor(earlier.event) ? 'repeated' : 'other'
}
