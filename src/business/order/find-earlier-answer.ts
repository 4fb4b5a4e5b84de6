import type { RetryKey } from '../../models/order-event.ts'
import { CommandError } from '../errors.ts'
import { readStore, requestInFlight, type ChangeDeps } from './begin-change.ts'
import type { ChangedOrder } from './commands.ts'

/** How soon it shows here that another instance has settled or discarded the change. */
const POLL_MS = 50

/**
 * What became of an earlier request with the same idempotency key. Undefined: there was none, or
 * nothing came of it, so this one is to be carried out. While the earlier one is still running it is
 * waited for. Throws IDEMPOTENCY_KEY_REUSED, REQUEST_IN_FLIGHT at the deadline, or STORE_UNAVAILABLE.
 */
export async function findEarlierAnswer(
  deps: Pick<ChangeDeps, 'retryKeys' | 'clock'>,
  { idempotencyKey, fingerprint }: RetryKey,
  deadlineMs: number,
): Promise<ChangedOrder | undefined> {
  const { retryKeys, clock } = deps
  for (;;) {
    const read = retryKeys.findKeyedChange(idempotencyKey)
    // Without an answer nobody knows what an earlier request with this key has done.
    const earlier = await readStore(read, clock, deadlineMs, 'unknown')
    if (earlier === undefined) return undefined
    if (earlier.fingerprint !== fingerprint) throw keyReused()
    const { order, version } = earlier
    if (earlier.isSettled) return { order, version, isReplayed: true }
    if (clock.monotonicMs() + POLL_MS >= deadlineMs) throw requestInFlight()
    await clock.sleep(POLL_MS)
  }
}

function keyReused(): CommandError {
  return new CommandError(
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key came with another request before; take a new one for each request',
  )
}
