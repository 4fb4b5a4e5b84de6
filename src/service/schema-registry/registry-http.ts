import type { Clock } from '../../business/ports.ts'
import { RegistryError } from './registry-error.ts'
import { shortSentence } from './registry-words.ts'

/** Tries of one question; what is still failing then is the caller's to repeat. */
const ATTEMPTS_MAX = 3
/** Before the second try; doubled before the third. */
const RETRY_DELAY_MS = 100
/** An answer holds one schema or one list of subjects; more is not a registry. */
const ANSWER_BYTES_MAX = 1024 * 1024

const HEADERS = {
  accept: 'application/vnd.schemaregistry.v1+json, application/json;q=0.5',
  'content-type': 'application/vnd.schemaregistry.v1+json',
}

export interface RegistryHttpOptions {
  /** Without userinfo and trailing slash; may have a path. */
  readonly baseUrl: string
  /** `key:secret` for basic authentication. */
  readonly userInfo?: string | undefined
  /** Bounds one question, all its tries together; each try has half of it. */
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
}

export type AskRegistry = (method: string, path: string, body?: object) => Promise<RegistryAnswer>

/**
 * Questions to one registry over HTTP. Network failures, 429 and 5xx are tried again; redirects are
 * not followed, because they would carry the credentials elsewhere.
 * Rejects with {@link RegistryError}; aborting `signal` ends every wait.
 */
export function createAskRegistry(options: RegistryHttpOptions, signal: AbortSignal): AskRegistry {
  const { clock, timeoutMs } = options
  return async (method, path, body) => {
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let failure = failureOf(options, `did not answer within ${timeoutMs} ms`)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (attempt > 0) await clock.sleep(RETRY_DELAY_MS * 2 ** (attempt - 1), signal)
      if (signal.aborted) throw failureOf(options, 'was not asked: the service is closing')
      const leftMs = Math.min(deadlineMs - clock.monotonicMs(), timeoutMs / 2)
      if (leftMs <= 0) break
      const answer = await tryOnce(options, { method, path, body, timeoutMs: leftMs }, signal)
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

/** Resolves with the failure that is worth another try; rejects where another try would not help. */
async function tryOnce(
  options: RegistryHttpOptions,
  question: Question,
  closing: AbortSignal,
): Promise<RegistryAnswer | RegistryError> {
  let response: Response
  let text: string | undefined
  const limit = limitTime(question.timeoutMs, closing)
  try {
    response = await send(options, question, limit.signal)
    text = await readText(response)
  } catch (error) {
    return failureOf(options, describeNetworkError(error, question.timeoutMs), error)
  } finally {
    limit.lift()
  }
  if (text === undefined) {
    throw failureOf(options, `answered with more than ${ANSWER_BYTES_MAX} bytes`)
  }
  return readAnswer(options, question, response, text)
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

function send(
  { baseUrl, userInfo }: RegistryHttpOptions,
  { method, path, body }: Question,
  signal: AbortSignal,
): Promise<Response> {
  const authorization =
    userInfo === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` }
  return fetch(baseUrl + path, {
    method,
    headers: { ...HEADERS, ...authorization },
    redirect: 'manual',
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** Undefined when there is more than a registry would send; the rest is not read. */
async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of response.body ?? []) {
    byteCount += chunk.byteLength
    if (byteCount > ANSWER_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Fails as {@link tryOnce} does. */
function readAnswer(
  options: RegistryHttpOptions,
  { method, path }: Question,
  { status, headers }: Response,
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
    const target = headers.get('location') ?? 'nowhere'
    const reason = `${answered}, a redirect to ${shortSentence(target)}, which is not followed: set SCHEMA_REGISTRY_URL to the final address`
    throw new RegistryError('rejected', sentence(options, reason), { status })
  }
  if (status < 300 && body === undefined) throw failureOf(options, `${answered} and sent no JSON`)
  const errorCode = fieldOf(body, 'error_code')
  return { status, body, message, errorCode: typeof errorCode === 'number' ? errorCode : undefined }
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

/** fetch hides the socket's error one level down. */
function describeNetworkError(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'cannot be reached'
  if (error.name === 'TimeoutError') return `did not answer within ${Math.ceil(timeoutMs)} ms`
  const { cause } = error
  const reasons = [fieldOf(cause, 'code'), fieldOf(cause, 'message'), error.message].map(textOf)
  return `cannot be reached (${reasons.find((reason) => reason !== '')})`
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
