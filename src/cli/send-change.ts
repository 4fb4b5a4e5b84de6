import type { Config } from '../config/config.ts'
import { UsageError, type CommandOption } from './command.ts'
import { credentialHeader } from './credential.ts'
import { serviceUrl } from './service-url.ts'

/** Added to PUBLISH_TIMEOUT_MS, within which the service answers. */
const ANSWER_MARGIN_MS = 10_000

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

export const URL_OPTION = {
  type: 'string',
  value: '<url>',
  description: 'address of the service; without it, that of API_HOST and API_PORT on this machine',
} as const satisfies CommandOption

export interface OrderJson {
  readonly orderId: string
  readonly status: string
  readonly totalAmount: number
  readonly currency: string
  readonly items: ReadonlyArray<{
    readonly itemId: string
    readonly quantity: number
    readonly price: number
  }>
}

export const KEY_OPTION = {
  type: 'string',
  value: '<key>',
  description:
    'Idempotency-Key: the same request with the same key is carried out once; a new one without it',
} as const satisfies CommandOption

export interface Change {
  readonly method: 'POST' | 'PUT'
  readonly path: '/api/create-order' | '/api/update-order'
  /** As the caller has it: a text is sent as it is. */
  readonly body: object | string
  /** The same for every try of it, so that it is safe to send again whatever the answer was. */
  readonly idempotencyKey: string
}

/** What is known of a change after its answer. */
export type ChangeResult =
  | { readonly kind: 'done'; readonly httpStatus: number; readonly order: OrderJson }
  /** 4xx: this request changed nothing, and never will as it is. */
  | (ProblemAnswer & { readonly kind: 'refused'; readonly outcome: 'not-applied' })
  /** 5xx, or what no CartService answers. */
  | (ProblemAnswer & { readonly kind: 'failed'; readonly outcome: Outcome })
  | { readonly kind: 'no-answer'; readonly reason: string; readonly outcome: Outcome }

export type Outcome = 'not-applied' | 'unknown'

interface ProblemAnswer {
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

/** Refusals by which nothing happened and which may not be repeated. */
const PASSING = new Set(['CHANGE_IN_FLIGHT', 'REQUEST_TIMED_OUT'])

/** Whether the same request is worth another try. */
export function isWorthRepeating(result: Exclude<ChangeResult, { kind: 'done' }>): boolean {
  return result.kind !== 'refused' || PASSING.has(result.code)
}

export interface ServiceAddress {
  readonly url: string
  /** Says who calls, where a setting does. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

export function serviceAddress(config: Config, url: string | undefined): ServiceAddress {
  if (url !== undefined && !/^https?:/.test(URL.parse(url)?.protocol ?? '')) {
    throw new UsageError(`--url must be an http:// or https:// address, got '${url}'`)
  }
  return {
    url: url === undefined ? serviceUrl(config) : url.replace(/\/+$/, ''),
    headers: credentialHeader(config),
    timeoutMs: config.publishTimeoutMs + ANSWER_MARGIN_MS,
  }
}

/** Sends it once. Never rejects. `stop` ends the wait for the answer, and nothing else. */
export async function sendChange(
  address: ServiceAddress,
  change: Change,
  stop?: AbortSignal,
): Promise<ChangeResult> {
  const late = AbortSignal.timeout(address.timeoutMs)
  try {
    const response = await fetch(address.url + change.path, {
      method: change.method,
      headers: {
        ...address.headers,
        'content-type': 'application/json',
        'idempotency-key': change.idempotencyKey,
      },
      body: typeof change.body === 'string' ? change.body : JSON.stringify(change.body),
      redirect: 'manual',
      signal: stop === undefined ? late : AbortSignal.any([late, stop]),
    })
    return readResult(response, await response.text())
  } catch (error) {
    if (stop?.aborted === true) {
      const reason = `Stopped before ${address.url} answered`
      return { kind: 'no-answer', outcome: 'unknown', reason }
    }
    return readFailure(address, error)
  }
}

export function readResult(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  text: string,
): ChangeResult {
  const body = parseObject(text)
  if ((status === 200 || status === 201) && isOrder(body['data'])) {
    return { kind: 'done', httpStatus: status, order: body['data'] }
  }
  const { code, detail, outcome, errors } = body
  const retryAfter = headers.get('retry-after')
  const problem = {
    httpStatus: status,
    code: typeof code === 'string' ? code : 'NO_PROBLEM_CODE',
    detail:
      typeof detail === 'string'
        ? detail
        : 'this is no answer of CartService; is that its address?',
    ...(isFieldProblems(errors) ? { errors } : {}),
    retryAfterSeconds: /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined,
  }
  // An earlier try is still being settled: not yet a no.
  const isOver = code !== 'REQUEST_IN_FLIGHT' && code !== 'RATE_LIMITED'
  const isRefusal = status >= 400 && status < 500 && isOver
  if (isRefusal) return { kind: 'refused', outcome: 'not-applied', ...problem }
  // A 500, or a proxy's answer, says nothing of what happened.
  return { kind: 'failed', outcome: outcome === 'not-applied' ? outcome : 'unknown', ...problem }
}

function readFailure({ url, timeoutMs }: ServiceAddress, error: unknown): ChangeResult {
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  if (isLate) {
    const reason = `${url} did not answer within ${timeoutMs} ms`
    return { kind: 'no-answer', outcome: 'unknown', reason }
  }
  const cause = causeOf(error)
  const wasNeverSent = NEVER_CONNECTED.has(cause)
  return {
    kind: 'no-answer',
    outcome: wasNeverSent ? 'not-applied' : 'unknown',
    reason: wasNeverSent
      ? `${url} cannot be reached (${cause})`
      : `${url} gave no answer (${cause})`,
  }
}

/** fetch hides the socket's error one level down. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
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

function isOrder(value: unknown): value is OrderJson {
  return (
    typeof value === 'object' &&
    value !== null &&
    'orderId' in value &&
    'status' in value &&
    'items' in value &&
    Array.isArray(value.items)
  )
}
