import type { RetryKey } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import { readStore } from '../read-store.ts'
import { keyReused, requestInFlight } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder } from './commands.ts'

/** How soon it shows here that another instance has settled or discarded the change. */
const POLL_MS = 50

/** What a look may take: with less left it would be the store's silence that the caller hears of. */
const LOOK_MS = 200

/**
 * To be asked before another request's change is waited for: the answer of this one may be there
 * already, and must not be "no" because a stranger's change takes its time. While its own change is
 * alive here, that one is waited for instead. Throws as {@link findEarlierAnswer} does.
 */
export async function findAnswerByKey(
  deps: Pick<ChangeDeps, 'retryKeys' | 'clock' | 'publications'>,
  { orderId, retryKey }: { orderId: OrderId; retryKey?: RetryKey },
  deadlineMs: number,
): Promise<ChangedOrder | undefined> {
  if (retryKey === undefined) return undefined
  const alive = deps.publications.find(orderId)
  if (alive?.retryKey?.idempotencyKey === retryKey.idempotencyKey) return undefined
  return findEarlierAnswer(deps, retryKey, deadlineMs)
}

/**
 * What became of an earlier request with the same idempotency key. Undefined: there was none, or
 * nothing came of it, so this one is to be carried out. While the earlier one is still running it is
 * waited for. Throws IDEMPOTENCY_KEY_REUSED, REQUEST_IN_FLIGHT at the deadline, or STORE_UNAVAILABLE.
 */
async function findEarlierAnswer(
  deps: Pick<ChangeDeps, 'retryKeys' | 'clock'>,
  retryKey: RetryKey,
  deadlineMs: number,
): Promise<ChangedOrder | undefined> {
  const { retryKeys, clock } = deps
  for (;;) {
    const read = retryKeys.findKeyedChange(retryKey, deadlineMs)
    // Without an answer nobody knows what an earlier request with this key has done.
    const earlier = await readStore(read, clock, deadlineMs, 'unknown')
    if (earlier === undefined) return undefined
    if (earlier === 'other-request') throw keyReused()
    const { order, version } = earlier
    if (earlier.isSettled) return { order, version, isReplayed: true }
    if (clock.monotonicMs() + POLL_MS + LOOK_MS >= deadlineMs) throw requestInFlight()
    await clock.sleep(POLL_MS)
  }
}
