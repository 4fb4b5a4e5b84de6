import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { identityProviderSilent } from '../../business/refusals.ts'
import type { CredentialCheck } from '../../business/callers/credential-check.ts'
import { credentialRefused, originNotAllowed } from '../request-errors.ts'
import { isFromOwnPage } from './own-origin.ts'
import { LOGIN_PAGE_CSP, renderLoginPage } from './login-page.ts'
import { PAGES, type PageName } from './pages.ts'
import type { SessionCookie } from './session-cookie.ts'

const [FIRST_PAGE] = PAGES

/** A token of an identity provider may have some thousand characters. */
const FORM_BYTES_MAX = 16_384

const TOO_LONG = 'This token is too long for a browser’s cookie: use an API key'

interface LoginDeps {
  readonly check: CredentialCheck
  readonly session: SessionCookie
  readonly publicUrl: string | undefined
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
        return sendPage(reply, 200, renderLoginPage(pageOf(next), undefined))
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
  { check, session, publicUrl }: LoginDeps,
): Promise<FastifyReply> {
  // Else a page of somebody else could log a browser in as somebody else.
  if (!isFromOwnPage(request, publicUrl)) throw originNotAllowed()
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
  const next = pageOf(form.get('next') ?? undefined)
  const credential = form.get('credential')?.trim() ?? ''
  const verdict = await check.check(credential)
  if (verdict.kind === 'refused') {
    return sendPage(reply, 401, renderLoginPage(next, credentialRefused().message))
  }
  if (verdict.kind !== 'known') {
    return sendPage(reply, 503, renderLoginPage(next, identityProviderSilent('unknown').message))
  }
  if (!session.begin(request, reply, credential)) {
    return sendPage(reply, 400, renderLoginPage(next, TOO_LONG))
  }
  return reply.redirect(next, 303)
}

function pageOf(next: string | undefined): PageName {
  return PAGES.find((page) => page === next) ?? FIRST_PAGE
}

function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply
    .code(status)
    .header('content-security-policy', LOGIN_PAGE_CSP)
    .header('referrer-policy', 'same-origin')
    .type('text/html; charset=utf-8')
    .send(page)
}
