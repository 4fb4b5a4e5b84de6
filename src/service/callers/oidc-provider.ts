import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  customFetch,
  discovery,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  type ClientAuth,
  type Configuration,
  type CustomFetchOptions,
} from 'openid-client'
import { LoginFailed, type LoginProvider } from '../../business/callers/login-provider.ts'
import { readBounded } from '../bounded-answer.ts'
import { BackOff } from '../credentials/back-off.ts'
import { ClientProof, isClientRefused } from './client-proof.ts'

/** For one question to the provider. */
const TIMEOUT_SECONDS = 5

/** Its description and its tokens have some kilobytes each. */
const ANSWER_BYTES_MAX = 1024 * 1024

/** Between two readings of the description because of logins that fail: some may fail on purpose. */
const READ_AGAIN_EVERY_MS = 10_000

const REFUSED = 'The identity provider did not log you in'

const SILENT = 'The identity provider does not answer as it should; try again later'

const NOT_PROVEN =
  'This service cannot prove to the identity provider who it is; those who run it find the reason in its log'

export interface OidcClient {
  readonly issuer: string
  readonly clientId: string
  /** Undefined: a client without a secret, which proves by PKCE alone that it began the login. */
  readonly readSecret: (() => Promise<string>) | undefined
  /** Of OAuth, as the provider names them; with `openid` among them. */
  readonly scope: string
}

/**
 * OpenID Connect, by the code flow with PKCE. What the provider is, is asked at the first login, so that
 * the service starts without it. While that fails, one login asks for all, less and less often. After a
 * login that failed it is asked again: the provider may have moved. `nowMs`: monotonic.
 */
export function createOidcProvider(
  client: OidcClient,
  nowMs: () => number = () => performance.now(),
): LoginProvider {
  const discoveries = new BackOff(nowMs)
  const proof = new ClientProof({ readSecret: client.readSecret, nowMs })
  let known: Promise<Configuration> | undefined
  let readAtMs = 0

  async function readDescription(): Promise<Configuration> {
    const config = await discover(client, proof.authenticate)
    readAtMs = nowMs()
    return config
  }

  async function configuration(): Promise<Configuration> {
    known ??= discoveries.run(readDescription)
    try {
      return await known
    } catch (error) {
      known = undefined
      throw new LoginFailed(SILENT, true, error)
    }
  }

  async function checkProof(): Promise<void> {
    try {
      await proof.check()
    } catch (error) {
      throw notProven(error, client)
    }
  }

  return {
    async begin(redirectUrl) {
      // Nobody is sent to a provider that will refuse us when they come back.
      await checkProof()
      const config = await configuration()
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()]
      const url = buildAuthorizationUrl(config, {
        redirect_uri: redirectUrl,
        scope: client.scope,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, secrets: JSON.stringify([state, nonce, verifier]) }
    },
    async finish(url, secrets) {
      await checkProof()
      const config = await configuration()
      const [state, nonce, verifier] = JSON.parse(secrets) as [string, string, string]
      try {
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
        const tokens = await proof.show(() => authorizationCodeGrant(config, new URL(url), checks))
        return tokens.access_token
      } catch (error) {
        if (nowMs() - readAtMs >= READ_AGAIN_EVERY_MS) known = undefined
        throw isClientRefused(error) ? notProven(error, client) : toLoginFailed(error)
      }
    },
  }
}

async function discover(
  { issuer, clientId }: OidcClient,
  authenticate: ClientAuth,
): Promise<Configuration> {
  const url = new URL(issuer)
  // The settings allow it for an address of this machine alone.
  const execute = url.protocol === 'http:' ? [allowInsecureRequests] : []
  const options = { timeout: TIMEOUT_SECONDS, execute, [customFetch]: fetchBounded }
  return discovery(url, clientId, undefined, authenticate, options)
}

/** For the library, which reads all that comes. */
async function fetchBounded(
  url: string,
  { body = null, ...request }: CustomFetchOptions,
): Promise<Response> {
  const response = await fetch(url, { ...request, body })
  const text = await readBounded(response, ANSWER_BYTES_MAX)
  // One without a body has a status that permits none.
  return new Response(text === '' ? null : text, response)
}

/** Of the library, where an answer is missing or none of OAuth. */
const OUTAGES: readonly (string | undefined)[] = [
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  undefined,
]

/** One such answer may be of one login alone, so it is no reason to keep others back. */
function toLoginFailed(error: unknown): LoginFailed {
  const isAnswer =
    error instanceof AuthorizationResponseError ||
    error instanceof ResponseBodyError ||
    error instanceof WWWAuthenticateChallengeError ||
    (error instanceof ClientError && !OUTAGES.includes(error.code))
  return isAnswer ? new LoginFailed(REFUSED, false, error) : new LoginFailed(SILENT, true, error)
}

/** The secret is refused, or cannot be read. */
function notProven(error: unknown, { clientId }: OidcClient): LoginFailed {
  const cause = isClientRefused(error)
    ? new Error(`the provider refuses the client ${clientId}, or its secret`, { cause: error })
    : error
  return new LoginFailed(NOT_PROVEN, true, cause)
}
