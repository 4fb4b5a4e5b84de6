import { AnswerTooLarge } from '../service/bounded-answer.ts'

/** What the service, or something else in its place, answers to a command. */

/** An order of 1,000 items with the longest ids takes a quarter of it. */
export const CHANGE_BYTES_MAX = 4 * 1024 * 1024

/** Of a page of a list: the service has no more of them at work at once, unless one alone is larger. */
export const PAGE_BYTES_MAX = 64 * 1024 * 1024

/** Errors by which a connection was never there, so that no request can have left. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  // fetch's own, for ports such as 1.
  'bad port',
])

export interface ProblemAnswer {
  readonly httpStatus: number
  readonly code: string
  readonly detail: string
  /** The fields that are wrong, where the service names them. */
  readonly errors?: readonly FieldProblem[]
  readonly retryAfterSeconds: number | undefined
}

interface FieldProblem {
  readonly field: string
  readonly message: string
}

export interface NoAnswer {
  /** A sentence. */
  readonly reason: string
  /** No request can have left. */
  readonly wasNeverSent: boolean
}

/** The object that the text is as JSON; an empty one where it is none. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return {}
  }
}

/** The same value; an empty object where it is none. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

export function readProblem(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  { code, detail, errors }: Record<string, unknown>,
): ProblemAnswer {
  const retryAfter = headers.get('retry-after')
  return {
    httpStatus: status,
    code: typeof code === 'string' ? code : 'NO_PROBLEM_CODE',
    detail:
      typeof detail === 'string'
        ? detail
        : 'this is no answer of CartService; is that its address?',
    ...(isFieldProblems(errors) ? { errors } : {}),
    retryAfterSeconds: /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined,
  }
}

/** Why `fetch` has no answer. */
export function readFailure(
  { url, timeoutMs }: { readonly url: string; readonly timeoutMs: number },
  error: unknown,
): NoAnswer {
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  if (isLate) {
    return { reason: `${url} did not answer within ${timeoutMs} ms`, wasNeverSent: false }
  }
  if (error instanceof AnswerTooLarge) {
    return { reason: `${url}: ${error.message}; is that its address?`, wasNeverSent: false }
  }
  const cause = causeOf(error)
  const wasNeverSent = NEVER_CONNECTED.has(cause)
  const reason = wasNeverSent
    ? `${url} cannot be reached (${cause})`
    : `${url} gave no answer (${cause})`
  return { reason, wasNeverSent }
}

/** One wrong field is the detail already; of several each is a line. */
export function describeProblem({
  httpStatus,
  code,
  detail,
  errors = [],
}: ProblemAnswer): string[] {
  if (errors.length < 2) return [`${httpStatus} ${code}: ${detail}`]
  return [`${httpStatus} ${code}:`, ...errors.map(({ message }) => `  ${message}`)]
}

/** fetch hides the socket's error one level down. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}

function isFieldProblems(value: unknown): value is readonly FieldProblem[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one: unknown) =>
        typeof one === 'object' &&
        one !== null &&
        'field' in one &&
        'message' in one &&
        typeof one.message === 'string',
    )
  )
}
