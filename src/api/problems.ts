import { CommandError, type ChangeOutcome, type ErrorCode } from '../business/errors.ts'
import {
  changeInFlight,
  describeKafkaRefusal,
  draining,
  eventNotFound,
  identityProviderSilent,
  kafkaRefused,
  keyReused,
  notTakenInTime,
  orderAlreadyExists,
  orderNotFound,
  orderStillOpen,
  rateLimited,
  requestInFlight,
  schemaIdUnknown,
  storeTakesNoChanges,
  toolAtWork,
  tooManyChanges,
  transitionNotAllowed,
  versionMoved,
} from '../business/refusals.ts'
import type { OrderId } from '../models/order.ts'
import { BODY_BYTES_MAX } from './json-body.ts'
import {
  bodyNotJson,
  bodyTooLarge,
  credentialMissing,
  credentialRefused,
  entityTagAltered,
  eventsRetired,
  expectationUnknown,
  fieldsInvalid,
  headersTooLarge,
  hostNotAllowed,
  mediaTypeNotSupported,
  methodNotAllowed,
  originNotAllowed,
  pathNotFound,
  requestTimedOut,
  scopeMissing,
  valueRefused,
  type FieldError,
  type RequestCode,
  type RequestError,
} from './request-errors.ts'
import { numItemsRule } from './schemas/order-requests.ts'

/** A bug of ours has a code that nothing can throw: the answer says nothing of it. */
export type ProblemCode = ErrorCode | RequestCode | 'INTERNAL'

interface ProblemKind {
  readonly status: number
  readonly title: string
  /** For the documentation, made by what makes the real ones. */
  readonly example: Failure
}

/** An answer to the caller that is not a success. */
export interface Failure {
  readonly code: ProblemCode
  readonly detail: string
  readonly outcome?: ChangeOutcome | undefined
  readonly fieldErrors?: readonly FieldError[] | undefined
}

export const INTERNAL_FAILURE: Failure = {
  code: 'INTERNAL',
  detail: 'The service failed. Its log names the cause under the requestId',
}

const ORDER_ID = 'ORD-1' as OrderId

/** THE table: what each code is answered with. */
export const PROBLEM_KINDS = {
  BODY_NOT_JSON: {
    status: 400,
    title: 'The body is not JSON',
    example: failureOf(bodyNotJson('Unexpected end of JSON input')),
  },
  REQUEST_INVALID: {
    status: 400,
    title: 'The request is not valid',
    example: failureOf(fieldsInvalid([valueRefused('numItems', numItemsRule(100), '"three"')])),
  },
  CREDENTIAL_MISSING: {
    status: 401,
    title: 'The caller is not known',
    example: failureOf(credentialMissing()),
  },
  CREDENTIAL_REFUSED: {
    status: 401,
    title: 'The credential is not taken',
    example: failureOf(credentialRefused()),
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The caller may not do this',
    example: failureOf(scopeMissing('orders:write')),
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: 'The page is not one of the service',
    example: failureOf(originNotAllowed()),
  },
  HOST_NOT_ALLOWED: {
    status: 403,
    title: 'The host name is not allowed',
    example: failureOf(hostNotAllowed()),
  },
  ORDER_NOT_FOUND: {
    status: 404,
    title: 'No such order',
    example: failureOf(orderNotFound(ORDER_ID)),
  },
  EVENT_NOT_FOUND: {
    status: 404,
    title: 'No such event',
    example: failureOf(eventNotFound(ORDER_ID, 4)),
  },
  PATH_NOT_FOUND: {
    status: 404,
    title: 'No such path',
    example: failureOf(pathNotFound('/api/orders-of-old')),
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The method is not allowed on this path',
    example: failureOf(methodNotAllowed('/api/create-order', 'POST, OPTIONS', 'DELETE')),
  },
  REQUEST_TIMED_OUT: {
    status: 408,
    title: 'The request took too long to arrive',
    example: failureOf(requestTimedOut()),
  },
  ORDER_ALREADY_EXISTS: {
    status: 409,
    title: 'The order exists already',
    example: failureOf(orderAlreadyExists(ORDER_ID)),
  },
  STATUS_TRANSITION_NOT_ALLOWED: {
    status: 409,
    title: 'The status may not follow the present one',
    example: failureOf(
      transitionNotAllowed({ orderId: ORDER_ID, status: 'shipped' }, 'pending', ['delivered']),
    ),
  },
  ORDER_STILL_OPEN: {
    status: 409,
    title: 'The order is still open',
    example: failureOf(orderStillOpen({ orderId: ORDER_ID, status: 'shipped' })),
  },
  CHANGE_IN_FLIGHT: {
    status: 409,
    title: 'Another change of this order is in flight',
    example: failureOf(changeInFlight(ORDER_ID)),
  },
  REQUEST_IN_FLIGHT: {
    status: 409,
    title: 'The same request is in flight',
    example: failureOf(requestInFlight()),
  },
  TOOL_AT_WORK: {
    status: 409,
    title: 'A tool is at work',
    example: failureOf(toolAtWork()),
  },
  EVENTS_RETIRED: {
    status: 410,
    title: 'Events after this place are gone',
    example: failureOf(eventsRetired('Last-Event-ID', '4711-1207')),
  },
  VERSION_MOVED: {
    status: 412,
    title: 'The order has another version',
    example: failureOf(versionMoved(ORDER_ID, 3)),
  },
  ENTITY_TAG_WEAK: {
    status: 412,
    title: 'A weak entity tag matches nothing',
    example: failureOf(entityTagAltered('W/"3"', '"3"')),
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    example: failureOf(bodyTooLarge(BODY_BYTES_MAX)),
  },
  MEDIA_TYPE_NOT_SUPPORTED: {
    status: 415,
    title: 'The body is not JSON by its headers',
    example: failureOf(mediaTypeNotSupported()),
  },
  EXPECTATION_FAILED: {
    status: 417,
    title: 'The expectation is not known',
    example: failureOf(expectationUnknown('200-ok')),
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    example: failureOf(keyReused()),
  },
  RATE_LIMITED: {
    status: 429,
    title: 'The caller sends too many requests',
    example: failureOf(rateLimited(100, 'not-applied')),
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The URL or the headers are too large',
    example: failureOf(headersTooLarge()),
  },
  INTERNAL: {
    status: 500,
    title: 'A bug in the service',
    example: INTERNAL_FAILURE,
  },
  KAFKA_UNAVAILABLE: {
    status: 503,
    title: 'Kafka is unavailable',
    example: failureOf(notTakenInTime()),
  },
  KAFKA_REFUSED: {
    status: 503,
    title: 'Kafka refused the event',
    example: failureOf(kafkaRefused(describeKafkaRefusal('NOT_ENOUGH_REPLICAS'))),
  },
  SCHEMA_REGISTRY_UNAVAILABLE: {
    status: 503,
    title: 'The Schema Registry is unavailable',
    example: failureOf(schemaIdUnknown()),
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The store is unavailable',
    example: failureOf(storeTakesNoChanges('not-applied')),
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The identity provider is unavailable',
    example: failureOf(identityProviderSilent('not-applied')),
  },
  SERVICE_FULL: {
    status: 503,
    title: 'The service is full',
    example: failureOf(tooManyChanges('not-applied')),
  },
  SERVICE_DRAINING: {
    status: 503,
    title: 'The service is stopping',
    example: failureOf(draining()),
  },
} as const satisfies Record<ProblemCode, ProblemKind>

export function failureOf(error: CommandError | RequestError): Failure {
  const { code, message: detail } = error
  return error instanceof CommandError
    ? { code, detail, outcome: error.outcome }
    : { code, detail, fieldErrors: error.fieldErrors }
}

/** RFC 9457, and the `success` flag that every answer carries. */
export interface Problem {
  readonly success: false
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly detail: string
  readonly errors?: readonly FieldError[]
  readonly outcome?: ChangeOutcome
  readonly requestId: string
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

export function toProblem(failure: Failure, requestId: string): Problem {
  const { code, detail, outcome, fieldErrors } = failure
  const { status, title } = PROBLEM_KINDS[code]
  return {
    success: false,
    type: `urn:cart-service:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code,
    detail,
    ...(fieldErrors && { errors: fieldErrors }),
    ...(outcome && { outcome }),
    requestId,
  }
}
