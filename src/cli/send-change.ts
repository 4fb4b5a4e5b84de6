import type { Config } from '../config/config.ts'
import { readBounded } from '../service/bounded-answer.ts'
import { UsageError, type CommandOption } from './command.ts'
import { credentialHeader } from './credential.ts'
import {
  asObject,
  CHANGE_BYTES_MAX,
  parseObject,
  readFailure,
  readProblem,
  type ProblemAnswer,
} from './service-answer.ts'
import { serviceUrl } from './service-url.ts'

/** Added to PUBLISH_TIMEOUT_MS, within which the service answers. */
const ANSWER_MARGIN_MS = 10_000

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
    return readResult(response, await readBounded(response, CHANGE_BYTES_MAX))
  } catch (error) {
    if (stop?.aborted === true) {
      const reason = `Stopped before ${address.url} answered`
      return { kind: 'no-answer', outcome: 'unknown', reason }
    }
    const { reason, wasNeverSent } = readFailure(address, error)
    return { kind: 'no-answer', outcome: wasNeverSent ? 'not-applied' : 'unknown', reason }
  }
}

export function readResult(
  response: Pick<Response, 'status' | 'headers'>,
  text: string,
): ChangeResult {
  const { status } = response
  const body = parseObject(text)
  if ((status === 200 || status === 201) && isOrder(body['data'])) {
    return { kind: 'done', httpStatus: status, order: body['data'] }
  }
  const { code, outcome } = body
  const problem = readProblem(response, body)
  // An earlier try is still being settled: not yet a no.
  const isOver = code !== 'REQUEST_IN_FLIGHT' && code !== 'RATE_LIMITED'
  const isRefusal = status >= 400 && status < 500 && isOver
  if (isRefusal) return { kind: 'refused', outcome: 'not-applied', ...problem }
  // A 500, or a proxy's answer, says nothing of what happened.
  return { kind: 'failed', outcome: outcome === 'not-applied' ? outcome : 'unknown', ...problem }
}

/** With all that a command reads of it: whatever answers there may be another program. */
export function isOrder(value: unknown): value is OrderJson {
  const { orderId, status, totalAmount, currency, items } = asObject(value)
  return (
    [orderId, status, currency].every((one) => typeof one === 'string') &&
    typeof totalAmount === 'number' &&
    Array.isArray(items) &&
    items.every(isItem)
  )
}

function isItem(value: unknown): boolean {
  const { itemId, quantity, price } = asObject(value)
  return typeof itemId === 'string' && typeof quantity === 'number' && typeof price === 'number'
}
