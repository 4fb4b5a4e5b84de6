import {
  findErrorBy,
  GenericError,
  protocolErrorsCodesById,
  ResponseError,
} from '@platformatic/kafka'

/**
 * What the answer to one Produce request of one batch proves.
 *
 * `not-appended`: the broker says so before it appends, so if this was the only request of the
 * batch that ever left, the batch is not on the topic.
 * `contested`: the broker and we disagree on what the producer wrote last. It has lost that, or
 * another instance sends as the same producer: ask it, and look on the topic.
 * `undatable`: the batch is dated too far ahead, and an earlier try is out. The same bytes will not be
 * taken, so that one was appended or never will be: look on the topic.
 * `unknown`: anything may have happened; the same batch has to be tried again.
 */
export type ProduceVerdict = 'not-appended' | 'contested' | 'undatable' | 'unknown'

/**
 * Not here on purpose, because each can be the answer for a batch that was appended:
 * NOT_LEADER_OR_FOLLOWER and UNKNOWN_TOPIC_OR_PARTITION (leadership moved while waiting for
 * followers), NOT_ENOUGH_REPLICAS_AFTER_APPEND, REQUEST_TIMED_OUT, KAFKA_STORAGE_ERROR,
 * UNKNOWN_SERVER_ERROR. NOT_ENOUGH_REPLICAS is here: it is thrown before the append.
 */
const VERDICTS: Record<string, ProduceVerdict> = {
  MESSAGE_TOO_LARGE: 'not-appended',
  RECORD_LIST_TOO_LARGE: 'not-appended',
  INVALID_RECORD: 'not-appended',
  CORRUPT_MESSAGE: 'not-appended',
  INVALID_TIMESTAMP: 'not-appended',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'not-appended',
  INVALID_TOPIC_EXCEPTION: 'not-appended',
  TOPIC_AUTHORIZATION_FAILED: 'not-appended',
  CLUSTER_AUTHORIZATION_FAILED: 'not-appended',
  INVALID_REQUIRED_ACKS: 'not-appended',
  POLICY_VIOLATION: 'not-appended',
  NOT_ENOUGH_REPLICAS: 'not-appended',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'contested',
  DUPLICATE_SEQUENCE_NUMBER: 'contested',
  UNKNOWN_PRODUCER_ID: 'contested',
  INVALID_PRODUCER_ID_MAPPING: 'contested',
  INVALID_PRODUCER_EPOCH: 'contested',
  PRODUCER_FENCED: 'contested',
}

export interface ProduceFailure {
  readonly verdict: ProduceVerdict
  /** Kafka's name of the error, or what the client saw; for logs and health. */
  readonly name: string
}

/** `requestsSent`: how many Produce requests of this batch left, the answered one included. */
export function classifyProduceFailure(error: unknown, requestsSent: number): ProduceFailure {
  const name = partitionErrorName(error)
  if (name === undefined) return { verdict: 'unknown', name: describeError(error) }
  const verdict = VERDICTS[name] ?? 'unknown'
  if (verdict !== 'not-appended' || requestsSent === 1) return { verdict, name }
  return { verdict: name === 'INVALID_TIMESTAMP' ? 'undatable' : 'unknown', name }
}

/**
 * The partition's own error code. The error tree is not enough: for INVALID_RECORD it also holds an
 * UNKNOWN_SERVER_ERROR that stands for one record.
 */
function partitionErrorName(error: unknown): string | undefined {
  if (!(error instanceof ResponseError) || !('response' in error)) return undefined
  const response = error.response as ProduceResponseShape
  const code = response.responses?.[0]?.partitionResponses?.[0]?.errorCode
  return code === undefined ? undefined : errorName(code)
}

interface ProduceResponseShape {
  readonly responses?: ReadonlyArray<{
    readonly partitionResponses?: ReadonlyArray<{ readonly errorCode: number }>
  }>
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
  const named: unknown = findErrorBy(error, 'code', 'PLT_KFK_PROTOCOL')
  if (named !== null && typeof named === 'object' && 'apiId' in named) return String(named.apiId)
  return inner instanceof Error ? describeError(inner) : error.message
}
