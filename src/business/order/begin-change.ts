import type { OrderEvent, PendingEvent } from '../../models/order-event.ts'
import type { Order, OrderId } from '../../models/order.ts'
import { CommandError, unavailable } from '../errors.ts'
import { StoreError, type Clock, type EventEncoder, type EventPublisher } from '../ports.ts'
import type { IdSource, OrderStore, Random } from '../ports.ts'
import type { Publications } from '../publication/confirm-publication.ts'
import type { Lease } from '../publication/lease.ts'
import type { Publication } from '../publication/publication.ts'
import type { StatusPolicy } from './order-status.ts'

/** What the use cases that change orders need. */
export interface ChangeDeps {
  readonly store: OrderStore
  readonly publisher: EventPublisher
  readonly publications: Publications
  readonly lease: Pick<Lease, 'isHeld'>
  readonly encoder: EventEncoder
  readonly clock: Clock
  readonly random: Random
  readonly ids: IdSource
  readonly publishTimeoutMs: number
  readonly statusPolicy: StatusPolicy
  readonly isDraining: () => boolean
}

/**
 * Waits until the change that is alive has ended. Returns the order when that change was in doubt
 * and is this very request, sent again: the two share one settlement. Otherwise undefined: look again.
 * Throws when the deadline comes first.
 */
export async function waitForEarlierChange(
  clock: Clock,
  earlier: Publication,
  isSameRequest: (event: OrderEvent) => boolean,
  deadlineMs: number,
): Promise<Order | undefined> {
  const end = await raceDeadline(earlier.ended, clock, deadlineMs)
  const { event, isInDoubt } = earlier
  const isRepeated = isInDoubt && isSameRequest(event)
  switch (end) {
    case 'settled':
      return isRepeated ? event.order : undefined
    case 'discarded':
      return undefined
    case 'deadline':
      throw isRepeated ? stillUnknown() : changeInFlight(event.order.orderId)
    case 'abandoned':
      throw isRepeated ? stillUnknown() : closing()
  }
}

/**
 * Makes the bytes and asks the gate: nothing is stored for a change that cannot be published now.
 * It comes after the wait for an earlier change, because a repeated request whose first try is in
 * doubt must not be told "not applied".
 */
export function preparePending(
  { encoder, publisher, lease, isDraining }: ChangeDeps,
  event: OrderEvent,
): PendingEvent {
  if (isDraining()) throw closing()
  if (!lease.isHeld) throw leaseRunOut()
  const encoded = encoder.encode(event)
  return { event, encoded, ...publisher.admit(encoded.key) }
}

/** Rejects with a 503 when the store does not answer by the deadline, or cannot. Nothing was changed. */
export async function readStore<Value>(
  read: Promise<Value>,
  clock: Clock,
  deadlineMs: number,
): Promise<Value> {
  const value = await raceDeadline(read, clock, deadlineMs).catch((error: unknown) => {
    throw error instanceof StoreError ? storeSilent(error) : error
  })
  if (value === 'deadline') throw storeSilent()
  return value
}

export function changeInFlight(orderId: OrderId): CommandError {
  return new CommandError(
    'CHANGE_IN_FLIGHT',
    `Another change of order '${orderId}' is still in flight`,
  )
}

async function raceDeadline<Value>(
  work: Promise<Value>,
  clock: Clock,
  deadlineMs: number,
): Promise<Value | 'deadline'> {
  const finished = new AbortController()
  const deadline = clock
    .sleep(Math.max(0, deadlineMs - clock.monotonicMs()), finished.signal)
    .then(() => 'deadline' as const)
  try {
    return await Promise.race([work, deadline])
  } finally {
    finished.abort()
  }
}

function storeSilent(cause?: unknown): CommandError {
  return unavailable('STORE_UNAVAILABLE', 'The store does not answer', 'not-applied', cause)
}

function leaseRunOut(): CommandError {
  return unavailable(
    'STORE_UNAVAILABLE',
    'The store has not confirmed in time that this instance may publish',
    'not-applied',
  )
}

function stillUnknown(): CommandError {
  return unavailable(
    'KAFKA_UNAVAILABLE',
    'This change was handed over before and is not confirmed yet; it is settled later',
    'unknown',
  )
}

function closing(): CommandError {
  return unavailable('SERVICE_DRAINING', 'The service is shutting down', 'not-applied')
}
