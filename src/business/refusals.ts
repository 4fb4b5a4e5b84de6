/**
 * Every sentence that a caller can be told by a use case, or by what a use case asks: one builder each,
 * for the code, the examples of the API's description and the documents. Nothing else makes a
 * CommandError (test/tidy.test.ts).
 */
import type { Order, OrderId, OrderStatus } from '../models/order.ts'
import { CommandError, unavailable, type ChangeOutcome } from './errors.ts'

export function orderNotFound(orderId: OrderId): CommandError {
  return new CommandError('ORDER_NOT_FOUND', `Order '${orderId}' does not exist`)
}

export function eventNotFound(orderId: OrderId, version: number): CommandError {
  const detail = `Order '${orderId}' has no confirmed event of version ${version}`
  return new CommandError('EVENT_NOT_FOUND', detail)
}

export function orderAlreadyExists(orderId: OrderId): CommandError {
  return new CommandError('ORDER_ALREADY_EXISTS', `Order '${orderId}' already exists`)
}

export function transitionNotAllowed(
  { orderId, status }: Pick<Order, 'orderId' | 'status'>,
  wanted: OrderStatus,
  allowed: readonly OrderStatus[],
): CommandError {
  const instead =
    allowed.length === 0 ? 'no status may follow' : `allowed next: ${allowed.join(', ')}`
  const detail = `Order '${orderId}' is ${status} and cannot become ${wanted}; ${instead}`
  return new CommandError('STATUS_TRANSITION_NOT_ALLOWED', detail)
}

/** Of an erasure. */
export function orderStillOpen({
  orderId,
  status,
}: Pick<Order, 'orderId' | 'status'>): CommandError {
  const detail = `Order '${orderId}' is ${status}: whose it is can be erased once it is delivered or cancelled`
  return new CommandError('ORDER_STILL_OPEN', detail)
}

/** The erasure itself is a fact. `cause`: what failed, the look for the keys of its records or the write. */
export function tombstoneNotWritten(orderId: OrderId, cause?: unknown): CommandError {
  const detail = `Order '${orderId}' is erased; its tombstone may be missing on the topic: send the request again`
  const isStore = cause instanceof CommandError && cause.code === 'STORE_UNAVAILABLE'
  return unavailable(isStore ? cause.code : 'KAFKA_UNAVAILABLE', detail, 'unknown', cause)
}

/** With the tag in full: one that was altered on the way would be sent again and again. */
export function versionMoved(orderId: OrderId, version: number): CommandError {
  const detail =
    `Order '${orderId}' is at version ${version}, not at one that If-Match names; ` +
    `to change it as it is now, send If-Match: "${version}"`
  return new CommandError('VERSION_MOVED', detail)
}

export function changeInFlight(orderId: OrderId): CommandError {
  const detail = `Another change of order '${orderId}' is still in flight`
  return new CommandError('CHANGE_IN_FLIGHT', detail)
}

export function requestInFlight(): CommandError {
  const detail =
    'An earlier request with this Idempotency-Key is not settled yet; send it again later'
  return new CommandError('REQUEST_IN_FLIGHT', detail)
}

export function keyReused(): CommandError {
  const detail =
    'This Idempotency-Key came with another request before; take a new one for each request'
  return new CommandError('IDEMPOTENCY_KEY_REUSED', detail)
}

/** This request's own event: sent, and not acknowledged in time. */
export function notConfirmed(): CommandError {
  const detail = 'The change was handed over and is not confirmed yet; it is settled later'
  return unavailable('KAFKA_UNAVAILABLE', detail, 'unknown')
}

/** The event of an earlier request that asked for the same. */
export function stillNotConfirmed(): CommandError {
  const detail = 'This change was handed over before and is not confirmed yet; it is settled later'
  return unavailable('KAFKA_UNAVAILABLE', detail, 'unknown')
}

export function notTakenInTime(): CommandError {
  return unavailable('KAFKA_UNAVAILABLE', 'Kafka did not take the event in time', 'not-applied')
}

export function kafkaUnknown(): CommandError {
  return unavailable('KAFKA_UNAVAILABLE', 'Kafka has not answered yet', 'not-applied')
}

export function laneClosed(): CommandError {
  return unavailable('KAFKA_UNAVAILABLE', 'Kafka does not acknowledge events', 'not-applied')
}

export function kafkaRefused(reason: string): CommandError {
  return unavailable('KAFKA_REFUSED', reason, 'not-applied')
}

/** The reason of a refusal, for {@link kafkaRefused}; `name` is Kafka's name of the error. */
export function describeKafkaRefusal(name: string): string {
  return `Kafka refused the event: ${name}`
}

export function schemaIdUnknown(): CommandError {
  const detail = 'The Schema Registry has not given the schema of order events its id yet'
  return unavailable('SCHEMA_REGISTRY_UNAVAILABLE', detail, 'not-applied')
}

/** It was asked, and has not answered in time or cannot. */
export function storeSilent(outcome: ChangeOutcome, cause?: unknown): CommandError {
  return unavailable('STORE_UNAVAILABLE', 'The store does not answer', outcome, cause)
}

/** It was to write. */
export function storeTakesNoChanges(outcome: ChangeOutcome, cause?: unknown): CommandError {
  return unavailable('STORE_UNAVAILABLE', 'The store does not take changes', outcome, cause)
}

export function leaseNotHeld(): CommandError {
  const detail = 'The store has not confirmed in time that this instance may publish'
  return unavailable('STORE_UNAVAILABLE', detail, 'not-applied')
}

export function tooManyPending(): CommandError {
  return unavailable('SERVICE_FULL', 'Too many changes are under way', 'not-applied')
}

/** Counts the changes that have arrived. Unknown: it may be a request that was sent before. */
export function tooManyChanges(outcome: ChangeOutcome): CommandError {
  const detail = 'More changes have arrived than can be made in time; this one was not begun'
  return unavailable('SERVICE_FULL', detail, outcome)
}

/** The change is settled. This request has its key; with another body it is refused. */
export function tooManyRepeated(): CommandError {
  const detail = 'Too many requests wait for the answer to one change; send this one again'
  return unavailable('SERVICE_FULL', detail, 'unknown')
}

/** Nobody has looked into the request: it may be one that was sent before. */
export function identityProviderSilent(outcome: ChangeOutcome): CommandError {
  const detail =
    'The keys of the identity provider cannot be read, so nobody can say now whose token this is'
  return unavailable('IDENTITY_PROVIDER_UNAVAILABLE', detail, outcome)
}

export function tooManyCredentials(outcome: ChangeOutcome): CommandError {
  return unavailable('SERVICE_FULL', 'Too many new tokens are being checked', outcome)
}

/** Nobody has looked into the request: it may be one that was sent before. */
export function rateLimited(requestsPerSecond: number, outcome: ChangeOutcome): CommandError {
  const detail = `This caller may send ${requestsPerSecond} requests a second, and has sent more`
  return unavailable('RATE_LIMITED', detail, outcome)
}

export function tooManyReads(): CommandError {
  return unavailable('SERVICE_FULL', 'Too many reads are at work', 'not-applied')
}

export function tooManyLists(): CommandError {
  return unavailable('SERVICE_FULL', 'Too many lists are at work, and wait to be', 'not-applied')
}

export function tooManyConnections(connectionsMax: number): CommandError {
  const detail = `${connectionsMax} connections are open already; nothing was read of this one`
  // It may be a request that was sent before.
  return unavailable('SERVICE_FULL', detail, 'unknown')
}

export function tooManyReaders(readersMax: number): CommandError {
  const detail = `${readersMax} readers follow the changes already`
  return unavailable('SERVICE_FULL', detail, 'not-applied')
}

export function toolAtWork(): CommandError {
  return new CommandError('TOOL_AT_WORK', 'A tool is at work; one runs at a time')
}

export function draining(): CommandError {
  return unavailable('SERVICE_DRAINING', 'The service is shutting down', 'not-applied')
}
