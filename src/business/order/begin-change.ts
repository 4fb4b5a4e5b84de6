import type { OrderEvent, PendingEvent, RetryKey } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import { CommandError, unavailable, type ChangeOutcome } from '../errors.ts'
import { StoreError, type Clock, type EventEncoder, type EventPublisher } from '../ports.ts'
import type { IdSource, OrderStore, Random, RetryKeyStore } from '../ports.ts'
import type { Publications } from '../publication/confirm-publication.ts'
import type { Lease } from '../publication/lease.ts'
import type { Publication } from '../publication/publication.ts'
import type { ChangedOrder } from './commands.ts'
import type { StatusPolicy } from './order-status.ts'

/** What the use cases that change orders need. */
export interface ChangeDeps {
  readonly store: OrderStore
  readonly retryKeys: Pick<RetryKeyStore, 'findKeyedChange'>
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
  { clock, isDraining }: Pick<ChangeDeps, 'clock' | 'isDraining'>,
  earlier: Publication,
  request: Request,
  deadlineMs: number,
): Promise<ChangedOrder | undefined> {
  const end = await raceDeadline(earlier.ended, clock, deadlineMs)
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
      if (relation === 'repeated') throw stillUnknown()
      if (end === 'deadline') throw changeInFlight(order.orderId)
      throw isDraining() ? closing() : leaseRunOut()
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

/**
 * Makes the bytes and asks the gate: nothing is stored for a change that cannot be published now.
 * It comes after the wait for an earlier change, because a repeated request whose first try is in
 * doubt must not be told "not applied".
 */
export function preparePending(
  { encoder, publisher, lease, isDraining }: ChangeDeps,
  event: OrderEvent,
  retryKey: RetryKey | undefined,
): PendingEvent {
  if (isDraining()) throw closing()
  if (!lease.isHeld) throw leaseRunOut()
  const encoded = encoder.encode(event)
  const admission = publisher.admit(encoded.key)
  return { event, encoded, ...admission, ...(retryKey === undefined ? {} : { retryKey }) }
}

/**
 * Rejects with a 503 when the store does not answer by the deadline, or cannot. Reading changes
 * nothing; `outcome` is what is known of the request without it.
 */
export async function readStore<Value>(
  read: Promise<Value>,
  clock: Clock,
  deadlineMs: number,
  outcome: ChangeOutcome = 'not-applied',
): Promise<Value> {
  const value = await raceDeadline(read, clock, deadlineMs).catch((error: unknown) => {
    throw error instanceof StoreError ? storeSilent(outcome, error) : error
  })
  if (value === 'deadline') throw storeSilent(outcome)
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

function storeSilent(outcome: ChangeOutcome, cause?: unknown): CommandError {
  return unavailable('STORE_UNAVAILABLE', 'The store does not answer', outcome, cause)
}

function leaseRunOut(): CommandError {
  return unavailable(
    'STORE_UNAVAILABLE',
    'The store has not confirmed in time that this instance may publish',
    'not-applied',
  )
}

export function requestInFlight(): CommandError {
  return new CommandError(
    'REQUEST_IN_FLIGHT',
    'An earlier request with this Idempotency-Key is not settled yet; send it again later',
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
