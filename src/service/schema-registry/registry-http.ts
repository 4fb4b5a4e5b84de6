import type { Clock } from '../../business/ports.ts'
import { describeTlsError } from '../credentials/tls-errors.ts'
import { TlsIdentity, type TlsFiles } from '../credentials/tls-identity.ts'
import { RegistryError } from './registry-error.ts'
import { createAuthorizer, type Authorizer, type RegistryAuth } from './registry-auth.ts'
import {
  ANSWER_BYTES_MAX,
  createTransport,
  type ExchangeHttp,
  type HttpAnswer,
} from './registry-transport.ts'
import { shortSentence } from './registry-words.ts'

/** Tries of one question; what is still failing then is the caller's to repeat. */
const ATTEMPTS_MAX = 3
/** Before the second try; doubled before the third. */
const RETRY_DELAY_MS = 100
const HEADERS = {
  accept: 'application/vnd.schemaregistry.v1+json, application/json;q=0.5',
  'content-type': 'application/vnd.schemaregistry.v1+json',
}

export interface RegistryHttpOptions {
  /** Without userinfo and trailing slash; may have a path. */
  readonly baseUrl: string
  /** Absent: without saying who asks. */
  readonly auth?: RegistryAuth
  /** Absent: Node's own authorities, and no certificate of ours. */
  readonly tls?: TlsFiles | undefined
  /** Bounds one question, all its tries together. */
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
}

/** An answer that settles the question: 2xx, or 4xx but 429. */
export interface RegistryAnswer {
  readonly status: number
  /** Parsed JSON; undefined where a 4xx carried none. */
  readonly body: unknown
  /** `error_code` of a Confluent error body. */
  readonly errorCode: number | undefined
  /** `message` of a Confluent error body, as a short sentence; empty where there is none. */
  readonly message: string
  /** Which credential it was asked with, for a sentence. */
  readonly shown: string
}

export type AskRegistry = (method: string, path: string, body?: object) => Promise<RegistryAnswer>

/**
 * Questions to one registry over HTTP. Network failures, 429 and 5xx are tried again; redirects are
 * not followed, because they would carry the credentials elsewhere.
 * Rejects with {@link RegistryError}; aborting `signal` ends every wait.
 */
export function createAskRegistry(options: RegistryHttpOptions, signal: AbortSignal): AskRegistry {
  const { clock, timeoutMs } = options
  const way = {
    ...options,
    exchange: createTransport(options.tls && new TlsIdentity(options.tls)),
    authorizer: createAuthorizer(options.auth ?? { kind: 'none' }),
  }
  return async (method, path, body) => {
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let failure = failureOf(options, `did not answer within ${timeoutMs} ms`)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (attempt > 0) await clock.sleep(RETRY_DELAY_MS * 2 ** (attempt - 1), signal)
      if (signal.aborted) throw failureOf(options, 'was not asked: the service is closing')
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) break
      const answer = await tryOnce(way, { method, path, body, timeoutMs: leftMs }, signal)
      if (!(answer instanceof RegistryError)) return answer
      failure = answer
    }
    throw failure
  }
}

interface Question {
  readonly method: string
  readonly path: string
  readonly body: object | undefined
  readonly timeoutMs: number
}

interface Way extends RegistryHttpOptions {
  readonly exchange: ExchangeHttp
  readonly authorizer: Authorizer
}

/** Resolves with the failure that is worth another try; rejects where another try would not help. */
async function tryOnce(
  way: Way,
  question: Question,
  closing: AbortSignal,
): Promise<RegistryAnswer | RegistryError> {
  const limit = limitTime(question.timeoutMs, closing)
  let answer: HttpAnswer
  try {
    answer = await send(way, question, limit.signal)
  } catch (error) {
    return failureOf(way, describeFailure(way, error, question.timeoutMs), error)
  } finally {
    limit.lift()
  }
  if (answer.text === undefined) {
    throw failureOf(way, `answered with more than ${ANSWER_BYTES_MAX} bytes`)
  }
  return readAnswer(way, question, answer, answer.text)
}

/**
 * Aborts after `timeoutMs`, or when `closing` does. Lifted, it leaves nothing on `closing`, which lives as
 * long as the process; AbortSignal.any would keep a weak reference there for each question.
 */
function limitTime(
  timeoutMs: number,
  closing: AbortSignal,
): { readonly signal: AbortSignal; readonly lift: () => void } {
  const limit = new AbortController()
  const close = (): void => limit.abort(closing.reason)
  const expire = (): void => limit.abort(new DOMException('it took too long', 'TimeoutError'))
  const timer = setTimeout(expire, Math.ceil(timeoutMs))
  closing.addEventListener('abort', close, { once: true })
  if (closing.aborted) close()
  return {
    signal: limit.signal,
    lift() {
      clearTimeout(timer)
      closing.removeEventListener('abort', close)
    },
  }
}

async function send(
  { baseUrl, exchange, authorizer }: Way,
  { method, path, body }: Question,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const headers = { ...HEADERS, ...(await authorizer.headers()) }
  const text = body && JSON.stringify(body)
  return exchange({ method, url: baseUrl + path, headers, body: text, signal })
}

/** Fails as {@link tryOnce} does. */
function readAnswer(
  options: Way,
  { method, path }: Question,
  { status, location = 'nowhere' }: HttpAnswer,
  text: string,
): RegistryAnswer | RegistryError {
  const body = parseJson(text)
  const message = textOf(fieldOf(body, 'message'))
  const answered = `answered ${status} to ${method} ${path}`
  if (status === 429 || status >= 500) {
    const detail = message === '' ? '' : `: ${message}`
    return failureOf(options, `${answered}${detail}`, undefined, status)
  }
  if (status >= 300 && status < 400) {
    const reason = `${answered}, a redirect to ${shortSentence(location)}, which is not followed: set SCHEMA_REGISTRY_URL to the final address`
    throw new RegistryError('rejected', sentence(options, reason), { status })
  }
  if (status < 300 && body === undefined) throw failureOf(options, `${answered} and sent no JSON`)
  if (isUnwelcome(status)) options.authorizer.noteRefused()
  const errorCode = fieldOf(body, 'error_code')
  return {
    status,
    body,
    message,
    errorCode: typeof errorCode === 'number' ? errorCode : undefined,
    shown: options.authorizer.name,
  }
}

/** It does not know who asks, or does not permit it. */
export function isUnwelcome(status: number): boolean {
  return status === 401 || status === 403
}

function failureOf(
  options: RegistryHttpOptions,
  reason: string,
  cause?: unknown,
  status?: number,
): RegistryError {
  return new RegistryError('unavailable', sentence(options, reason), { cause, status })
}

function sentence({ baseUrl }: RegistryHttpOptions, reason: string): string {
  return `Schema Registry at ${baseUrl} ${reason}`
}

const PEER = {
  name: 'the registry',
  caSetting: 'SCHEMA_REGISTRY_SSL_CA_LOCATION',
  certificateSetting: 'SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION',
}

function describeFailure({ tls }: Way, error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'cannot be reached'
  if (isTimeout(error)) return `did not answer within ${Math.ceil(timeoutMs)} ms`
  const peer = { ...PEER, hasCertificate: tls?.certificateFile !== undefined }
  const reason = describeTlsError(error, peer) ?? textOf(fieldOf(error, 'code'))
  return `cannot be reached (${reason === '' ? textOf(error.message) : reason})`
}

/** An aborted request has the reason of its signal as the cause. */
function isTimeout(error: Error): boolean {
  return (
    error.name === 'TimeoutError' || (error.cause as Error | undefined)?.name === 'TimeoutError'
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? shortSentence(value) : ''
}

/** A member of what may be no object at all. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined
}
