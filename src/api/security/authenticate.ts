import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CredentialCheck, CredentialVerdict } from '../../business/callers/credential-check.ts'
import type { ChangeOutcome, CommandError } from '../../business/errors.ts'
import { identityProviderSilent, tooManyCredentials } from '../../business/refusals.ts'
import type { Caller, Scope } from '../../models/caller.ts'
import type { ChangePlaces } from '../admission/admit-work.ts'
import { credentialMissing, credentialRefused, scopeMissing } from '../request-errors.ts'

/** Who may ask a route: everybody, every known caller, or those with one scope. */
export type Access = 'open' | 'known' | Scope

/** Of a route that says nothing: somebody forgot it, and forgetting shall open nothing. */
const ACCESS_UNSAID: Access = 'admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access
  }
  interface FastifyRequest {
    /** Undefined where callers are not asked who they are, and on routes that are open. */
    caller: Caller | undefined
  }
}

const BEARER = /^Bearer +(?<credential>[\x21-\x7e]+)$/i

const CHALLENGE = 'Bearer realm="cart-service"'

export function accessOf(request: FastifyRequest): Access {
  return request.routeOptions.config.access ?? ACCESS_UNSAID
}

export interface AuthenticationDeps {
  /** Undefined: everybody may do everything. */
  readonly callers: CredentialCheck | undefined
  readonly changes: Pick<ChangePlaces, 'outcomeOfRefusal'>
}

/**
 * Asks each request who it comes from, before its body is read, so that a refusal keeps the promise of a
 * 4xx: nothing of the request was applied. Call it before the hooks that let requests in, which count
 * places.
 */
export function authenticateCallers(
  server: FastifyInstance,
  { callers, changes }: AuthenticationDeps,
): void {
  server.decorateRequest('caller', undefined)
  if (callers === undefined) return
  server.addHook('onRequest', (request, reply, done) => {
    if (accessOf(request) === 'open') return done()
    const credential = BEARER.exec(request.headers.authorization ?? '')?.groups?.['credential']
    if (credential === undefined) return done(refuse(reply, CHALLENGE, credentialMissing()))
    const verdict = callers.check(credential)
    if (!(verdict instanceof Promise)) return done(judge(request, reply, verdict))
    verdict.then((late) => done(judge(request, reply, late)), done)
  })

  /** The error to answer with; undefined where the caller may go on. */
  function judge(
    request: FastifyRequest,
    reply: FastifyReply,
    verdict: CredentialVerdict,
  ): Error | undefined {
    switch (verdict.kind) {
      case 'known':
        return letIn(request, reply, verdict.caller)
      case 'refused':
        request.log.debug({ requestId: request.id, ...verdict }, 'a credential was not taken')
        return refuse(reply, `${CHALLENGE}, error="invalid_token"`, credentialRefused())
      case 'unavailable':
        return notNow(request, identityProviderSilent)
      case 'full':
        return notNow(request, tooManyCredentials)
    }
  }

  function notNow(
    { headers }: FastifyRequest,
    build: (outcome: ChangeOutcome) => CommandError,
  ): CommandError {
    return build(changes.outcomeOfRefusal(headers['idempotency-key'] !== undefined))
  }
}

function letIn(request: FastifyRequest, reply: FastifyReply, caller: Caller): Error | undefined {
  request.caller = caller
  const access = accessOf(request)
  if (access === 'open' || access === 'known' || caller.scopes.has(access)) return undefined
  const challenge = `${CHALLENGE}, error="insufficient_scope", scope="${access}"`
  return refuse(reply, challenge, scopeMissing(access))
}

/** RFC 6750 §3: the header says to a client that reads no body what to do. */
function refuse(reply: FastifyReply, challenge: string, error: Error): Error {
  reply.header('www-authenticate', challenge)
  return error
}
