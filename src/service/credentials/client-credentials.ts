import { readBounded } from '../bounded-answer.ts'
import { readSecret, type Secret } from './secret.ts'
import type { FetchedToken } from './token-cache.ts'

/** OAuth 2.0, grant type client_credentials (RFC 6749 §4.4). */

const TIMEOUT_MS = 5_000

/** A token with many claims has some kilobytes. */
const ANSWER_BYTES_MAX = 256 * 1024

/** RFC 6749 leaves it out where the server has told it otherwise. */
const LIFETIME_S_DEFAULT = 300

export interface ClientCredentials {
  readonly endpointUrl: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly scope: string | undefined
}

/** Rejects with a sentence that names the endpoint and repeats neither the secret nor what was answered. */
export async function fetchToken(credentials: ClientCredentials): Promise<FetchedToken> {
  const { endpointUrl, scope } = credentials
  const failure = (reason: string, cause?: unknown): Error =>
    new Error(`the token endpoint ${endpointUrl} ${reason}`, { cause })
  let status: number
  let text: string
  try {
    const response = await fetch(endpointUrl, {
      method: 'POST',
      headers: {
        authorization: basicOf(credentials),
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope !== undefined && { scope }),
      }),
      // It would carry the secret elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    status = response.status
    text = await readBounded(response, ANSWER_BYTES_MAX)
  } catch (error) {
    throw failure(`cannot be asked (${reasonOf(error)})`, error)
  }
  if (status !== 200) throw failure(`answered ${status}${errorOf(text)}`)
  const { access_token: token, expires_in: seconds } = parse(text)
  if (typeof token !== 'string' || !/^[\x21-\x7E]+$/.test(token)) {
    throw failure('answered without a token')
  }
  const isNumber = typeof seconds === 'number' && seconds > 0
  return { token, lifetimeMs: (isNumber ? seconds : LIFETIME_S_DEFAULT) * 1_000 }
}

/** RFC 6749 §2.3.1: each half is form-encoded first. */
function basicOf({ clientId, clientSecret }: ClientCredentials): string {
  const halves = [clientId, readSecret(clientSecret)].map(encodeURIComponent)
  return `Basic ${Buffer.from(halves.join(':')).toString('base64')}`
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** The code of RFC 6749 §5.2, such as `invalid_client`; nothing else that was answered. */
function errorOf(text: string): string {
  const { error } = parse(text)
  return typeof error === 'string' && /^\w{1,64}$/.test(error) ? ` (${error})` : ''
}

/** fetch hides the socket's error one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS} ms`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
