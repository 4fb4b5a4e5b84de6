import type { OrderEvent, PendingEvent, RetryKey } from '../../models/order-event.ts'
import type { Publications } from '../publication/confirm-publication.ts'
import { draining, leaseNotHeld, tooManyPending } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'

/**
 * Of the events whose callers wait; the last one may go beyond. A hundred of the largest orders keep store and
 * Kafka busy for some tenths of a second, and all that a bound by count lets in would be too late together.
 * Those in doubt are bounded by count alone.
 */
const PENDING_BYTES_MAX = 16 * 1024 * 1024

/** Whether the events under way leave room, by their bytes, for another. */
export function hasRoomForEvent({ bytes }: Pick<Publications, 'bytes'>): boolean {
  return bytes < PENDING_BYTES_MAX
}

/**
 * Makes the bytes and asks the gate: nothing is stored for a change that cannot be published now.
 * It comes after the wait for an earlier change, because a repeated request whose first try is in
 * doubt must not be told "not applied". Throws a 503, not applied.
 */
export function preparePending(
  {
    encoder,
    publisher,
    publications,
    pendingEventsMax,
    lease,
    isDraining,
  }: Omit<ChangeDeps, 'store' | 'retryKeys'>,
  event: OrderEvent,
  retryKey: RetryKey | undefined,
): PendingEvent {
  if (isDraining()) throw draining()
  if (!lease.isHeld) throw leaseNotHeld()
  // Before its bytes are made: those of a large order take longer than all else here.
  if (!hasRoomForEvent(publications)) throw tooManyPending()
  const encoded = encoder.encode(event)
  // Before the count, in which those in doubt are: then it is Kafka that is away.
  const admission = publisher.admit(encoded.key)
  if (publications.count >= pendingEventsMax) throw tooManyPending()
  return { event, encoded, ...admission, ...(retryKey === undefined ? {} : { retryKey }) }
}
