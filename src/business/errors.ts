/**
 * The closed list of what a use case can say to its caller. `api/problems.ts` gives each its status and
 * title; what only HTTP knows of a request has its codes in `api/request-errors.ts`.
 */
export const ERROR_CODES = [
  'ORDER_NOT_FOUND',
  'EVENT_NOT_FOUND',
  'ORDER_ALREADY_EXISTS',
  'STATUS_TRANSITION_NOT_ALLOWED',
  'ORDER_STILL_OPEN',
  'CHANGE_IN_FLIGHT',
  'REQUEST_IN_FLIGHT',
  'TOOL_AT_WORK',
  'VERSION_MOVED',
  'IDEMPOTENCY_KEY_REUSED',
  'KAFKA_UNAVAILABLE',
  'KAFKA_REFUSED',
  'SCHEMA_REGISTRY_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'RATE_LIMITED',
  'SERVICE_FULL',
  'SERVICE_DRAINING',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/**
 * What became of a change that was answered 503.
 * `not-applied`: nothing was stored and no event was or will be published.
 * `unknown`: it may have been; it is settled later, and the same request sent again tells.
 */
export type ChangeOutcome = 'not-applied' | 'unknown'

interface CommandErrorOptions {
  readonly cause?: unknown
  readonly outcome?: ChangeOutcome
}

/** Thrown by use cases, mapped to a problem by the one error handler. `detail` is shown to the caller. */
export class CommandError extends Error {
  readonly code: ErrorCode
  readonly outcome: ChangeOutcome | undefined

  constructor(code: ErrorCode, detail: string, options: CommandErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CommandError'
    this.code = code
    this.outcome = options.outcome
  }
}

/** Codes that mean "not now": answered 503, or 429 where the caller is to blame, with an outcome. */
export type UnavailableCode = Extract<
  ErrorCode,
  | 'KAFKA_UNAVAILABLE'
  | 'KAFKA_REFUSED'
  | 'SCHEMA_REGISTRY_UNAVAILABLE'
  | 'STORE_UNAVAILABLE'
  | 'IDENTITY_PROVIDER_UNAVAILABLE'
  | 'SERVICE_FULL'
  | 'SERVICE_DRAINING'
  | 'RATE_LIMITED'
>

/** Always with an outcome, because a 503 without one says nothing. */
export function unavailable(
  code: UnavailableCode,
  detail: string,
  outcome: ChangeOutcome,
  cause?: unknown,
): CommandError {
  return new CommandError(code, detail, { outcome, cause })
}
