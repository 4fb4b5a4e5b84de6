import type { FastifyInstance, FastifyReply } from 'fastify'
import type { CredentialCheck } from '../../business/callers/credential-check.ts'
import { LoginFailed, type LoginProvider } from '../../business/callers/login-provider.ts'
import { sendLoginPage, sendWelcomePage } from './login-page.ts'
import { pageOf } from './pages.ts'
import type { SealedCookie } from './sealed-cookie.ts'

const TOO_LONG = 'The token of the identity provider is too long for a browser’s cookie'

const LOST = 'This login is too old, or was begun by another browser: begin anew'

const NOT_KNOWN = 'The identity provider knows you, and gives no token for this service'

export interface ProviderLoginDeps {
  readonly provider: LoginProvider
  readonly check: CredentialCheck
  readonly session: SealedCookie
  /** What was begun: only the browser that began a login can end it. */
  readonly login: SealedCookie
  /** The provider sends browsers back to an address that it knows. */
  readonly publicUrl: string
}

/**
 * `/login/provider` sends a browser to the identity provider, `/login/callback` takes it back. The access
 * token becomes the session's credential, and is judged as one that a program shows.
 */
export function registerProviderLogin(server: FastifyInstance, deps: ProviderLoginDeps): void {
  const { publicUrl, provider, check, session, login } = deps
  const callbackUrl = `${publicUrl}/login/callback`
  const fail = (reply: FastifyReply, error: unknown): FastifyReply => {
    if (!(error instanceof LoginFailed)) throw error
    // The message alone: what a library keeps with its error may hold claims of a person.
    const reason = error.cause instanceof Error ? error.cause.message : String(error.cause)
    server.log.warn({ reason }, 'a login by the identity provider failed')
    return sendLoginPage(reply, error.isOutage ? 503 : 401, { trouble: error.message, ...OFFERED })
  }

  server.route({
    method: 'GET',
    url: '/login/provider',
    schema: { hide: true },
    config: { access: 'open' },
    handler: async (request, reply) => {
      const { next } = request.query as { readonly next?: string }
      try {
        const { url, secrets } = await provider.begin(callbackUrl)
        login.begin(request, reply, JSON.stringify([pageOf(next), secrets]))
        return await reply.redirect(url, 303)
      } catch (error) {
        return fail(reply, error)
      }
    },
  })

  server.route({
    method: 'GET',
    url: '/login/callback',
    schema: { hide: true },
    config: { access: 'open' },
    handler: async (request, reply) => {
      const begun = login.read(request)
      login.end(request, reply)
      if (begun === undefined) return sendLoginPage(reply, 401, { trouble: LOST, ...OFFERED })
      const [next, secrets] = JSON.parse(begun) as [string, string]
      const query = request.url.slice(request.url.indexOf('?') + 1)
      try {
        const token = await provider.finish(`${callbackUrl}?${query}`, secrets)
        const { kind } = await check.check(token)
        if (kind !== 'known') return sendLoginPage(reply, 401, { trouble: NOT_KNOWN, ...OFFERED })
        if (!session.begin(request, reply, token)) {
          return sendLoginPage(reply, 400, { trouble: TOO_LONG, ...OFFERED })
        }
        return sendWelcomePage(reply, pageOf(next))
      } catch (error) {
        return fail(reply, error)
      }
    },
  })
}

/** These pages are one level down. */
const OFFERED = { nextPage: pageOf(undefined), base: '../', hasProvider: true } as const
