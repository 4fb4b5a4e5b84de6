import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CredentialCheck, CredentialVerdict } from '../../business/callers/credential-check.ts'
import type { ChangeOutcome, CommandError } from '../../business/errors.ts'
import type { Clock } from '../../business/ports.ts'
import { identityProviderSilent, rateLimited, tooManyCredentials } from '../../business/refusals.ts'
import type { Caller, Scope } from '../../models/caller.ts'
import type { ChangePlaces } from '../admission/admit-work.ts'
import {
  credentialMissing,
  credentialRefused,
  originNotAllowed,
  scopeMissing,
  type RequestError,
} from '../request-errors.ts'
import { callerOfCertificate } from './client-certificate.ts'
import { isFromOwnPage } from './own-origin.ts'
import { loginFrom, type PageName } from './pages.ts'
import { nameOfCaller, RateLimit } from './rate-limit.ts'
import type { SealedCookie } from './sealed-cookie.ts'

/** Who may ask a route: everybody, every known caller, or those with one scope. */
export type Access = 'open' | 'known' | Scope

/** Of a route that says nothing: somebody forgot it, and forgetting shall open nothing. */
const ACCESS_UNSAID: Access = 'admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access
    /** A browser that opens it without a session is asked to log in, and comes back to it. */
    readonly page?: PageName
  }
  interface FastifyRequest {
    /** Undefined where callers are not asked who they are, and on routes that are open. */
    caller: Caller | undefined
    /** Asked again, while an answer goes on; true where nobody can say now. */
    isStillLetIn(): Promise<boolean>
  }
}

/** Before a credential. What form that has is for its check to say, which looks at all of it anyway. */
const SCHEME = /^Bearer +/i

const CHALLENGE = 'Bearer realm="cart-service"'

export function accessOf(request: FastifyRequest): Access {
  return request.routeOptions.config.access ?? ACCESS_UNSAID
}

export interface AuthenticationDeps {
  /** Undefined: everybody may do everything. */
  readonly callers: CredentialCheck | undefined
  readonly changes: Pick<ChangePlaces, 'outcomeOfRefusal'>
  readonly session: SealedCookie
  /** What a client's certificate allows; undefined: it says nothing of the caller. */
  readonly certificateScopes: ReadonlySet<Scope> | undefined
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Undefined: no limit. */
  readonly requestsPerSecond: number | undefined
  readonly publicUrl: string | undefined
}

/**
 * Asks each request who it comes from, before its body is read, so that a refusal keeps the promise of a
 * 4xx: nothing of the request was applied. Call it before the hooks that let requests in, which count
 * places.
 */
export function authenticateCallers(server: FastifyInstance, deps: AuthenticationDeps): void {
  const { callers, changes, session, publicUrl, clock, requestsPerSecond, certificateScopes } = deps
  const limit =
    requestsPerSecond === undefined ? undefined : new RateLimit(clock, requestsPerSecond)
  server.decorateRequest('caller', undefined)
  server.decorateRequest('isStillLetIn', function isStillLetIn(this: FastifyRequest) {
    return askAgain(this)
  })
  if (callers === undefined) {
    if (limit === undefined) return
    server.addHook('onRequest', (request, _reply, done) => done(findExcess(request)))
    return
  }
  server.addHook('onRequest', (request, reply, done) => {
    if (accessOf(request) === 'open') return done()
    const shown = shownBy(request)
    const credential = shown ?? session.read(request)
    if (credential === undefined) {
      const caller = certifiedCaller(request)
      if (caller !== undefined) return judge(request, reply, { kind: 'known', caller }, done)
      return refuse(request, reply, done, credentialMissing())
    }
    // A header is set by a program on purpose; a cookie goes with whatever a page has the browser send.
    if (shown === undefined && !isSafe(request) && !isFromOwnPage(request, publicUrl)) {
      return done(originNotAllowed())
    }
    const verdict = callers.check(credential)
    if (!(verdict instanceof Promise)) return judge(request, reply, verdict, done)
    verdict.then((late) => judge(request, reply, late, done), done)
  })

  function certifiedCaller({ raw }: FastifyRequest): Caller | undefined {
    return certificateScopes && callerOfCertificate(raw.socket, certificateScopes)
  }

  async function askAgain(request: FastifyRequest): Promise<boolean> {
    if (callers === undefined) return true
    const credential = shownBy(request) ?? session.read(request)
    if (credential === undefined) return certifiedCaller(request) !== undefined
    const verdict = await callers.check(credential)
    if (verdict.kind !== 'known') return verdict.kind !== 'refused'
    return scopeLacking(request, verdict.caller) === undefined
  }

  function judge(
    request: FastifyRequest,
    reply: FastifyReply,
    verdict: CredentialVerdict,
    done: Done,
  ): void {
    switch (verdict.kind) {
      case 'known':
        request.caller = verdict.caller
        return done(findMissingScope(request, reply, verdict.caller) ?? findExcess(request))
      case 'refused':
        request.log.debug({ requestId: request.id, ...verdict }, 'a credential was not taken')
        return refuse(request, reply, done, credentialRefused())
      case 'unavailable':
        return done(notNow(request, identityProviderSilent))
      case 'full':
        return done(notNow(request, tooManyCredentials))
    }
  }

  /** Why a request is one too many of its caller. */
  function findExcess(request: FastifyRequest): CommandError | undefined {
    if (limit === undefined || requestsPerSecond === undefined) return undefined
    if (accessOf(request) === 'open' || !limit.isOver(nameOfCaller(request))) return undefined
    return notNow(request, (outcome) => rateLimited(requestsPerSecond, outcome))
  }

  function notNow(
    { headers, routeOptions }: FastifyRequest,
    build: (outcome: ChangeOutcome) => CommandError,
  ): CommandError {
    const isChange = routeOptions.config.work?.kind === 'change'
    const hasRetryKey = headers['idempotency-key'] !== undefined
    return build(isChange ? changes.outcomeOfRefusal(hasRetryKey) : 'not-applied')
  }
}

type Done = (error?: Error) => void

function shownBy({ headers }: FastifyRequest): string | undefined {
  const { authorization = '' } = headers
  const [scheme] = SCHEME.exec(authorization) ?? []
  if (scheme === undefined) return undefined
  const credential = authorization.slice(scheme.length)
  return credential === '' || credential.includes(' ') ? undefined : credential
}

function scopeLacking(request: FastifyRequest, { scopes }: Caller): Scope | undefined {
  const access = accessOf(request)
  return access === 'open' || access === 'known' || scopes.has(access) ? undefined : access
}

/** Of methods that change nothing (RFC 9110 §9.2.1). */
function isSafe({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

/**
 * A program is told how to say who it is, by the header, too (RFC 6750 §3); a person who has opened a page
 * is asked to log in.
 */
function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
  error: RequestError,
): void {
  const { page } = request.routeOptions.config
  if (page !== undefined && request.headers.accept?.includes('text/html') === true) {
    return void reply.redirect(loginFrom(request.url, page), 303)
  }
  const why = error.code === 'CREDENTIAL_MISSING' ? '' : ', error="invalid_token"'
  reply.header('www-authenticate', CHALLENGE + why)
  done(error)
}

function findMissingScope(
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
): RequestError | undefined {
  const scope = scopeLacking(request, caller)
  if (scope === undefined) return undefined
  reply.header('www-authenticate', `${CHALLENGE}, error="insufficient_scope", scope="${scope}"`)
  return scopeMissing(scope)
}
