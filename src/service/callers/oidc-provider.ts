import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  customFetch,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  type Configuration,
  type CustomFetchOptions,
} from 'openid-client'
import { readBounded } from '../bounded-answer.ts'
import { LoginFailed, type LoginProvider } from '../../business/callers/login-provider.ts'

/** For one question to the provider. */
const TIMEOUT_SECONDS = 5

/** Its description and its tokens have some kilobytes each. */
const ANSWER_BYTES_MAX = 1024 * 1024

const REFUSED = 'The identity provider did not log you in'

const SILENT = 'The identity provider does not answer; try again later'

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
 * the service starts without it.
 */
export function createOidcProvider(client: OidcClient): LoginProvider {
  let known: Promise<Configuration> | undefined

  async function configuration(): Promise<Configuration> {
    known ??= discover(client)
    try {
      return await known
    } catch (error) {
      known = undefined
      throw new LoginFailed(SILENT, true, error)
    }
  }

  return {
    async begin(redirectUrl) {
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
      const config = await configuration()
      const [state, nonce, verifier] = JSON.parse(secrets) as [string, string, string]
      try {
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
        const tokens = await authorizationCodeGrant(config, new URL(url), checks)
        return tokens.access_token
      } catch (error) {
        // It may be the secret, which may have been replaced: the next login reads it again.
        known = undefined
        throw toLoginFailed(error)
      }
    },
  }
}

async function discover({ issuer, clientId, readSecret }: OidcClient): Promise<Configuration> {
  const secret = await readSecret?.()
  const proof = secret === undefined ? None() : ClientSecretBasic(secret)
  const url = new URL(issuer)
  // The settings allow it for an address of this machine alone.
  const execute = url.protocol === 'http:' ? [allowInsecureRequests] : []
  const options = { timeout: TIMEOUT_SECONDS, execute, [customFetch]: fetchBounded }
  return discovery(url, clientId, undefined, proof, options)
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

function toLoginFailed(error: unknown): LoginFailed {
  const isAnswer =
    error instanceof AuthorizationResponseError ||
    error instanceof ResponseBodyError ||
    error instanceof WWWAuthenticateChallengeError ||
    error instanceof ClientError
  return isAnswer ? new LoginFailed(REFUSED, false, error) : new LoginFailed(SILENT, true, error)
}
