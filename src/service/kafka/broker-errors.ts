import {
  findErrorBy,
  GenericError,
  ProtocolError,
  protocolErrorsCodesById,
} from '@platformatic/kafka'
import type { ProduceVerdict } from './lane/state.ts'

/**
 * The proof in the answer to a Produce request, by Kafka's name of the error. The broker gives these
 * before it appends. `event-refused`: because of what the batch holds, so that another batch may be
 * taken. `partition-refused`: because of the partition, the client or the time, so that every batch
 * is refused now.
 *
 * Not here on purpose, because each can be the answer for a batch that was appended:
 * NOT_LEADER_OR_FOLLOWER and UNKNOWN_TOPIC_OR_PARTITION (leadership moved while waiting for
 * followers), NOT_ENOUGH_REPLICAS_AFTER_APPEND, REQUEST_TIMED_OUT, KAFKA_STORAGE_ERROR,
 * UNKNOWN_SERVER_ERROR. NOT_ENOUGH_REPLICAS is here: it is thrown before the append. Nor are those
 * that contest the batch's numbers, such as OUT_OF_ORDER_SEQUENCE_NUMBER: another request with the
 * same events may have used them.
 */
const VERDICTS: Record<string, ProduceVerdict> = {
  MESSAGE_TOO_LARGE: 'event-refused',
  RECORD_LIST_TOO_LARGE: 'event-refused',
  INVALID_RECORD: 'event-refused',
  POLICY_VIOLATION: 'event-refused',
  CORRUPT_MESSAGE: 'partition-refused',
  INVALID_TIMESTAMP: 'partition-refused',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'partition-refused',
  INVALID_TOPIC_EXCEPTION: 'partition-refused',
  TOPIC_AUTHORIZATION_FAILED: 'partition-refused',
  CLUSTER_AUTHORIZATION_FAILED: 'partition-refused',
  INVALID_REQUIRED_ACKS: 'partition-refused',
  NOT_ENOUGH_REPLICAS: 'partition-refused',
}

/** What an error of one partition in the answer to a Produce request proves. */
export function verdictOf(errorCode: number): ProduceVerdict {
  return VERDICTS[errorName(errorCode)] ?? 'unknown'
}

/** Kafka's name of a protocol error code. */
export function errorName(code: number): string {
  return protocolErrorsCodesById[code] ?? `error ${code}`
}

/**
 * One line for logs and health. Our own sentences, and those of the operating system, are what they
 * say, whatever caused them. The client's errors say little ("Received response with error"): of those
 * it is Kafka's name of the error where there is one, else the deepest message.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  if (!GenericError.isGenericError(error) && error.message !== '') return error.message
  const named = findProtocolError(error)
  if (named !== null) return String(named['apiId'])
  return inner instanceof Error ? describeError(inner) : error.message
}

/** Where a broker answered with an error: `apiId` is Kafka's name, `canRetry` whether it may pass. */
export function findProtocolError(error: Error): ProtocolError | null {
  return findErrorBy<ProtocolError>(error, 'code', ProtocolError.code)
}
