import { hash as digest } from 'node:crypto'
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import {
  NOT_A_CREDENTIAL,
  type CredentialCheck,
  type CredentialFault,
  type CredentialVerdict,
} from '../../business/callers/credential-check.ts'
import type { Clock } from '../../business/ports.ts'
import { isScope, isSubjectName, principalOf } from '../../models/caller.ts'
import { KeysUnavailable } from './key-set.ts'

/** A check of a signature takes a hundred times as long as a look into a table. */
const REMEMBERED_MS_MAX = 60_000

const REMEMBERED_TOKENS_MAX = 10_000

/** Signatures that are checked at once; callers beyond that wait for nothing and come again. */
const CHECKS_MAX = 256

/** How far the provider's clock and ours may be apart. */
const LEEWAY_SECONDS = 30

const MS_PER_SECOND = 1_000

/** Three parts: a token that is signed, and not one that is encrypted. */
const SIGNED_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/

export interface TokenRules {
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly string[]
  /** A claim with the scopes: a text with spaces between, or a list. */
  readonly scopesClaim: string
  readonly principalClaim: string
}

interface TokenCheckDeps {
  readonly rules: TokenRules
  readonly findKey: JWTVerifyGetKey
  readonly clock: Pick<Clock, 'now'>
  /** Callers may be known by certificates, too: no token names one of these. */
  readonly hasCertificates?: boolean
}

interface Remembered {
  readonly verdict: CredentialVerdict
  readonly untilMs: number
}

/** Tokens by signature. A token that was good is remembered by its hash, never longer than it lives. */
export class TokenCheck implements CredentialCheck {
  readonly #deps: TokenCheckDeps
  /** The oldest first. */
  readonly #remembered = new Map<string, Remembered>()
  readonly #checks = new Map<string, Promise<CredentialVerdict>>()

  constructor(deps: TokenCheckDeps) {
    this.#deps = deps
  }

  check(credential: string): CredentialVerdict | Promise<CredentialVerdict> {
    const hash = digest('sha256', credential, 'base64')
    const known = this.#remembered.get(hash)
    if (known !== undefined && this.#nowMs() < known.untilMs) return known.verdict
    // Its form takes as long as its hash, and one that is remembered has it.
    if (!SIGNED_TOKEN.test(credential)) return NOT_A_CREDENTIAL
    const running = this.#checks.get(hash)
    if (running !== undefined) return running
    if (this.#checks.size >= CHECKS_MAX) return { kind: 'full' }
    const check = this.#checkSignature(credential, hash).finally(() => this.#checks.delete(hash))
    this.#checks.set(hash, check)
    return check
  }

  #nowMs(): number {
    return this.#deps.clock.now().getTime()
  }

  async #checkSignature(token: string, hash: string): Promise<CredentialVerdict> {
    const { rules, findKey, clock, hasCertificates = false } = this.#deps
    try {
      const { payload } = await jwtVerify(token, findKey, {
        issuer: rules.issuer,
        audience: rules.audience,
        algorithms: [...rules.algorithms],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: clock.now(),
        requiredClaims: ['exp', rules.principalClaim],
      })
      const verdict = verdictOf(payload, rules, hasCertificates)
      if (verdict.kind === 'known') this.#remember(hash, verdict, payload.exp ?? 0)
      return verdict
    } catch (error) {
      if (error instanceof KeysUnavailable) return { kind: 'unavailable' }
      if (error instanceof errors.JOSEError) return { kind: 'refused', fault: faultOf(error) }
      throw error
    }
  }

  #remember(hash: string, verdict: CredentialVerdict, expiresAt: number): void {
    const endsAtMs = (expiresAt + LEEWAY_SECONDS) * MS_PER_SECOND
    this.#remembered.delete(hash)
    this.#remembered.set(hash, {
      verdict,
      untilMs: Math.min(this.#nowMs() + REMEMBERED_MS_MAX, endsAtMs),
    })
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > REMEMBERED_TOKENS_MAX && oldest !== undefined) {
      this.#remembered.delete(oldest)
    }
  }
}

const NOT_FOR_THIS_SERVICE: CredentialVerdict = { kind: 'refused', fault: 'not-for-this-service' }

function verdictOf(
  payload: JWTPayload,
  rules: TokenRules,
  hasCertificates: boolean,
): CredentialVerdict {
  const id = payload[rules.principalClaim]
  // As RFC 9068 §2.2 has it, a client that acts for nobody else is its own subject.
  const client = payload['client_id'] ?? payload['azp']
  const kind = client === id ? 'service_account' : 'user'
  if (typeof id !== 'string') return NOT_FOR_THIS_SERVICE
  // Else the provider could make a client the principal of a certificate, with its idempotency keys.
  const isTaken = hasCertificates && kind === 'service_account' && isSubjectName(id)
  const principal = isTaken ? undefined : principalOf(kind, id)
  if (principal === undefined) return NOT_FOR_THIS_SERVICE
  const scopes = new Set(wordsOf(payload[rules.scopesClaim]).filter(isScope))
  return { kind: 'known', caller: { principal, scopes } }
}

function wordsOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ')
  if (!Array.isArray(claim)) return []
  return claim.filter((word): word is string => typeof word === 'string')
}

function faultOf(error: errors.JOSEError): CredentialFault {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) return 'not-for-this-service'
  return 'unknown'
}
