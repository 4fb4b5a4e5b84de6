import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { createLocalJWKSet } from 'jose'
import { createOidcProvider } from '../../src/service/callers/oidc-provider.ts'
import { TokenCheck } from '../../src/service/callers/tokens.ts'
import { systemClock } from '../../src/service/system.ts'
import { AUDIENCE, sign, type SigningKey } from './identity-provider.ts'

type Send = (status: number, body: object) => void

interface BegunLogin {
  readonly challenge: string
  readonly nonce: string
  readonly redirectUrl: string
}

export interface TestLoginProvider {
  readonly issuer: string
  /** Of the access token, beside those of every token. */
  claims: Readonly<Record<string, unknown>>
  /** With a page and a button, as one does that does not know the browser yet. */
  asksFirst: boolean
  /** Of the client; the service may know another one. */
  secret: string
  /** Paths that answer garbage, as a gateway does whose server is away. */
  readonly broken: Set<string>
  /** The paths of all requests, in their order. */
  readonly asked: string[]
  close(): void
}

export const CLIENT_ID = 'orders-console'

export const CLIENT_SECRET = 'client-hush'

/** What a service has that lets callers in by this provider. */
export function letInBy(
  { issuer }: Pick<TestLoginProvider, 'issuer'>,
  key: SigningKey,
  scopes: string,
  readSecret = () => Promise.resolve(CLIENT_SECRET),
) {
  const rules = {
    issuer,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    scopesClaim: 'scope',
    principalClaim: 'sub',
  }
  const findKey = createLocalJWKSet({ keys: [key.publicJwk] })
  return {
    callers: new TokenCheck({ rules, findKey, clock: systemClock }),
    loginProvider: createOidcProvider({
      issuer,
      clientId: CLIENT_ID,
      readSecret,
      scope: `openid ${scopes}`,
    }),
  }
}

/** Logs everybody in who comes, as OpenID Connect has it, and checks what the service sends. */
export async function startLoginProvider(
  t: TestContext,
  key: SigningKey,
): Promise<TestLoginProvider> {
  const begun = new Map<string, BegunLogin>()
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: TestLoginProvider = {
    issuer,
    claims: {},
    asksFirst: false,
    secret: CLIENT_SECRET,
    broken: new Set(),
    asked: [],
    close: () => server.close().closeAllConnections(),
  }
  t.after(() => provider.close())

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', issuer)
    const send: Send = (status, body) => {
      // RFC 6749 §5.2: to a client that has shown a secret by a header.
      if (status === 401) response.setHeader('www-authenticate', 'Basic realm="provider"')
      const headers = { 'content-type': 'application/json' }
      response.writeHead(status, headers).end(JSON.stringify(body))
    }
    provider.asked.push(url.pathname)
    if (provider.broken.has(url.pathname)) return void response.writeHead(502).end('<html>')
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return send(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          id_token_signing_alg_values_supported: [key.algorithm],
        })
      case '/keys':
        return send(200, { keys: [key.publicJwk] })
      case '/authorize': {
        if (provider.asksFirst && request.method === 'GET') {
          const page = '<form method="post"><button>Yes, it is me</button></form>'
          return void response.writeHead(200, { 'content-type': 'text/html' }).end(page)
        }
        const asked = Object.fromEntries(url.searchParams)
        if (asked['code_challenge_method'] !== 'S256') return send(400, { error: 'no PKCE' })
        const code = randomUUID()
        const redirectUrl = asked['redirect_uri'] ?? ''
        const challenge = asked['code_challenge'] ?? ''
        begun.set(code, { redirectUrl, challenge, nonce: asked['nonce'] ?? '' })
        const back = new URLSearchParams({ code, state: asked['state'] ?? '' })
        return void response.writeHead(302, { location: `${redirectUrl}?${back.toString()}` }).end()
      }
      case '/token':
        return redeem(new URLSearchParams(await text(request)), request.headers.authorization, send)
    }
    return send(404, {})
  }

  async function redeem(
    form: URLSearchParams,
    authorization: string | undefined,
    send: Send,
  ): Promise<void> {
    const code = form.get('code') ?? ''
    const login = begun.get(code)
    begun.delete(code)
    // RFC 6749 §2.3.1: both parts are percent-encoded first.
    const shown = Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    const verifier = form.get('code_verifier') ?? ''
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const isMeant = login?.challenge === challenge && login.redirectUrl === form.get('redirect_uri')
    if (decodeURIComponent(shown) !== `${CLIENT_ID}:${provider.secret}`) {
      return send(401, { error: 'invalid_client' })
    }
    if (!isMeant) return send(400, { error: 'invalid_grant' })
    const iat = Math.floor(Date.now() / 1_000)
    return send(200, {
      token_type: 'Bearer',
      access_token: await sign(key, { iss: issuer, ...provider.claims }),
      id_token: await sign(key, { iss: issuer, aud: CLIENT_ID, iat, nonce: login.nonce }),
    })
  }
  return provider
}
