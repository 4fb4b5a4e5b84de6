import type { ChangeOutcome, ErrorCode, FieldError } from '../business/errors.ts'

/** What fails before a request is there at all. No use case knows of it, so it has its codes here. */
type TransportCode = 'REQUEST_TIMED_OUT' | 'HEADERS_TOO_LARGE'

export type ProblemCode = ErrorCode | TransportCode

interface ProblemKind {
  readonly status: number
  readonly title: string
  /** A detail as a caller would see it, for the documentation. */
  readonly exampleDetail: string
}

/** THE table: what each code is answered with. */
export const PROBLEM_KINDS = {
  BODY_NOT_JSON: {
    status: 400,
    title: 'The body is not JSON',
    exampleDetail: 'The body is not valid JSON: Unexpected end of JSON input',
  },
  REQUEST_INVALID: {
    status: 400,
    title: 'The request is not valid',
    exampleDetail: 'numItems must be an integer from 1 to 100, got "three"',
  },
  ORDER_NOT_FOUND: {
    status: 404,
    title: 'No such order',
    exampleDetail: "Order 'ORD-1' does not exist",
  },
  EVENT_NOT_FOUND: {
    status: 404,
    title: 'No such event',
    exampleDetail: "Order 'ORD-1' has no confirmed event of version 4",
  },
  PATH_NOT_FOUND: {
    status: 404,
    title: 'No such path',
    exampleDetail: 'Nothing is at /api/orders-of-old',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The method is not allowed on this path',
    exampleDetail: '/api/create-order takes POST, OPTIONS, not DELETE',
  },
  REQUEST_TIMED_OUT: {
    status: 408,
    title: 'The request took too long to arrive',
    exampleDetail: 'The request did not arrive in time',
  },
  ORDER_ALREADY_EXISTS: {
    status: 409,
    title: 'The order exists already',
    exampleDetail: "Order 'ORD-1' already exists",
  },
  STATUS_TRANSITION_NOT_ALLOWED: {
    status: 409,
    title: 'The status may not follow the present one',
    exampleDetail: "Order 'ORD-1' is shipped; it may become delivered",
  },
  CHANGE_IN_FLIGHT: {
    status: 409,
    title: 'Another change of this order is in flight',
    exampleDetail: "Another change of order 'ORD-1' is still in flight",
  },
  REQUEST_IN_FLIGHT: {
    status: 409,
    title: 'The same request is in flight',
    exampleDetail:
      'An earlier request with this Idempotency-Key is not settled yet; send it again later',
  },
  VERSION_MOVED: {
    status: 412,
    title: 'The order has another version',
    exampleDetail: "Order 'ORD-1' is at version 3, not at one that If-Match names",
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    exampleDetail: 'The body may have 16384 bytes at most',
  },
  MEDIA_TYPE_NOT_SUPPORTED: {
    status: 415,
    title: 'The body is not JSON by its headers',
    exampleDetail: 'Send the body as application/json',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    exampleDetail:
      'This Idempotency-Key came with another request before; take a new one for each request',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The URL or the headers are too large',
    exampleDetail: 'The URL and the headers together are too large',
  },
  INTERNAL: {
    status: 500,
    title: 'A bug in the service',
    exampleDetail: 'The service failed. Its log names the cause under the requestId',
  },
  KAFKA_UNAVAILABLE: {
    status: 503,
    title: 'Kafka is unavailable',
    exampleDetail: 'Kafka did not take the event in time',
  },
  KAFKA_REFUSED: {
    status: 503,
    title: 'Kafka refused the event',
    exampleDetail: 'Kafka refused the event: NOT_ENOUGH_REPLICAS',
  },
  SCHEMA_REGISTRY_UNAVAILABLE: {
    status: 503,
    title: 'The Schema Registry is unavailable',
    exampleDetail: 'The Schema Registry has not given the schema of order events its id yet',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The store is unavailable',
    exampleDetail: 'The store does not take changes',
  },
  SERVICE_FULL: {
    status: 503,
    title: 'The service is full',
    exampleDetail: 'Too many events wait for Kafka',
  },
  SERVICE_DRAINING: {
    status: 503,
    title: 'The service is stopping',
    exampleDetail: 'The service is shutting down',
  },
} as const satisfies Record<ProblemCode, ProblemKind>

/** What is to be told to the caller. */
export interface Failure {
  readonly code: ProblemCode
  readonly detail: string
  readonly outcome?: ChangeOutcome | undefined
  readonly fieldErrors?: readonly FieldError[] | undefined
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
