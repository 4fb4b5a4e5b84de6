import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CredentialCheck } from '../../business/callers/credential-check.ts'
import { identityProviderSilent } from '../../business/refusals.ts'
import { credentialRefused, originNotAllowed } from '../request-errors.ts'
import { sendLoginPage } from './login-page.ts'
import { isFromOwnPage } from './own-origin.ts'
import { pageOf } from './pages.ts'
import type { SealedCookie } from './sealed-cookie.ts'

/** A token of an identity provider may have some thousand characters. */
const FORM_BYTES_MAX = 16_384

const TOO_LONG = 'This token is too long for a browser’s cookie: use an API key'

export interface LoginDeps {
  readonly check: CredentialCheck
  readonly session: SealedCookie
  readonly publicUrl: string | undefined
  readonly hasProvider: boolean
}

/** `/login` and `/logout` for browsers, which cannot send a header with every page and stream. */
export async function registerLogin(server: FastifyInstance, deps: LoginDeps): Promise<void> {
  await server.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    )
    scope.route({
      method: 'GET',
      url: '/login',
      schema: { hide: true },
      config: { access: 'open' },
      handler: async (request, reply) => {
        const { next } = request.query as { readonly next?: string }
        const { hasProvider } = deps
        return sendLoginPage(reply, 200, { nextPage: pageOf(next), base: '', hasProvider })
      },
    })
    scope.route({
      method: 'POST',
      url: '/login',
      schema: { hide: true },
      config: { access: 'open' },
      handler: (request, reply) => logIn(request, reply, deps),
    })
    scope.route({
      method: 'POST',
      url: '/logout',
      schema: { hide: true },
      config: { access: 'open' },
      handler: async (request, reply) => {
        if (!isFromOwnPage(request, deps.publicUrl)) throw originNotAllowed()
        deps.session.end(request, reply)
        return reply.redirect('login', 303)
      },
    })
  })
}

async function logIn(
  request: FastifyRequest,
  reply: FastifyReply,
  { check, session, publicUrl, hasProvider }: LoginDeps,
): Promise<FastifyReply> {
  // Else a page of somebody else could log a browser in as somebody else.
  if (!isFromOwnPage(request, publicUrl)) throw originNotAllowed()
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
  const nextPage = pageOf(form.get('next') ?? undefined)
  const fail = (status: number, trouble: string): FastifyReply =>
    sendLoginPage(reply, status, { nextPage, trouble, base: '', hasProvider })
  const credential = form.get('credential')?.trim() ?? ''
  const verdict = await check.check(credential)
  if (verdict.kind === 'refused') return fail(401, credentialRefused().message)
  if (verdict.kind !== 'known') return fail(503, identityProviderSilent('not-applied').message)
  if (!session.begin(request, reply, credential)) return fail(400, TOO_LONG)
  return reply.redirect(nextPage, 303)
}
