/**
 * Signing in to a broker. The library's own handling of a session that expires (KIP-368, in place) breaks
 * a connection with a request under way, and overflows a timer at 25 days, so here it never learns of the
 * lifetime: whoever owns the connection replaces it in time (renewed-connection.ts). A refused token looks
 * accepted to the library, so here any answer to a token is a refusal, as RFC 7628 has it.
 */
import {
  ResponseError,
  saslOAuthBearer,
  saslPlain,
  saslScramSha,
  type SASLCustomAuthenticator,
  type SASLOptions,
} from '@platformatic/kafka'
import { SCRAM_ITERATIONS_MAX } from '../wire/scram.ts'
import { errorName } from './broker-errors.ts'

type SaslAnswer = Parameters<Parameters<SASLCustomAuthenticator>[6]>[1]

/** What is shown to the broker, as it is now. */
export type Proof =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string
    }
  | {
      readonly mechanism: 'OAUTHBEARER'
      readonly token: string
      readonly extensions: Readonly<Record<string, string>>
    }

/** The broker does not take what it was shown. It says nothing of why, so that nobody can guess. */
export class SignInRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignInRefused'
  }
}

/** How one attempt ended. */
export interface SignIn {
  refusal: SignInRefused | undefined
  /** The broker closes the connection after this; undefined: it does not. */
  lifetimeMs: number | undefined
}

const REFUSED = 'SASL_AUTHENTICATION_FAILED'
const NOT_OFFERED = 'UNSUPPORTED_SASL_MECHANISM'
const NOT_ASKED_FOR = 'ILLEGAL_SASL_STATE'

const BOUNDED_CRYPTO: typeof saslScramSha.defaultCrypto = {
  ...saslScramSha.defaultCrypto,
  hi: async (definition, password, salt, iterations) => {
    if (iterations > SCRAM_ITERATIONS_MAX) {
      throw new Error(`the broker wants the password hashed ${iterations} times`)
    }
    return saslScramSha.defaultCrypto.hi(definition, password, salt, iterations)
  },
}

/** `signIn` is filled in. */
export function createSasl(proof: Proof, signIn: SignIn): SASLOptions {
  const authenticate: SASLCustomAuthenticator = (_mechanism, connection, api, ...others) => {
    const callback = others[3]
    const hear = (error: Error | null, answer?: SaslAnswer): void => {
      if (error !== null || answer === undefined) return callback(error ?? new Error('no answer'))
      if (proof.mechanism === 'OAUTHBEARER' && answer.authBytes.length > 0) {
        signIn.refusal = refusalOf(proof, answer.authBytes.toString())
        return callback(signIn.refusal)
      }
      if (answer.sessionLifetimeMs > 0n) signIn.lifetimeMs = Number(answer.sessionLifetimeMs)
      return callback(null, { ...answer, sessionLifetimeMs: 0n })
    }
    switch (proof.mechanism) {
      case 'PLAIN':
        return saslPlain.authenticate(api, connection, proof.username, proof.password, hear)
      case 'SCRAM-SHA-256':
      case 'SCRAM-SHA-512':
        return saslScramSha.authenticate(
          api,
          connection,
          proof.mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512',
          proof.username,
          proof.password,
          BOUNDED_CRYPTO,
          hear,
        )
      case 'OAUTHBEARER':
        return saslOAuthBearer.authenticate(
          api,
          connection,
          proof.token,
          { ...proof.extensions },
          hear,
        )
    }
  }
  return { mechanism: proof.mechanism, authenticate }
}

/** Undefined where the attempt failed for another reason, such as a broker that is away. */
export function findRefusal(proof: Proof, error: unknown): SignInRefused | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; depth += 1) {
    if (at instanceof SignInRefused) return at
    if (at instanceof ResponseError && 'response' in at) return readRefusal(proof, at)
    // The broker proves in SCRAM that it knows the password, too.
    if (at.message === 'Invalid server signature.') {
      return new SignInRefused('the broker does not prove that it knows the password', {
        cause: at,
      })
    }
    at = at.cause
  }
  return undefined
}

const CAUSES_MAX = 8

interface RefusalShape {
  readonly errorCode?: number
  readonly errorMessage?: string | null
  readonly mechanisms?: readonly string[]
}

function readRefusal(proof: Proof, error: ResponseError): SignInRefused | undefined {
  const { errorCode = 0, mechanisms = [] } = (error as { response?: RefusalShape }).response ?? {}
  const name = errorName(errorCode)
  if (name === NOT_OFFERED) {
    const offered = mechanisms.length === 0 ? 'none' : mechanisms.join(', ')
    const text = `the broker does not offer the SASL mechanism ${proof.mechanism} on this port; it offers ${offered}`
    return new SignInRefused(text, { cause: error })
  }
  if (name === NOT_ASKED_FOR) {
    const text = `the broker does not take SASL on this port: is KAFKA_SECURITY_PROTOCOL the one of this listener? (${name})`
    return new SignInRefused(text, { cause: error })
  }
  return name === REFUSED ? refusalOf(proof, name) : undefined
}

function refusalOf(proof: Proof, reason: string): SignInRefused {
  const credential =
    proof.mechanism === 'OAUTHBEARER' ? 'the token' : `the user '${proof.username}' or its password`
  return new SignInRefused(
    `the broker refuses ${credential} (SASL ${proof.mechanism}: ${shorten(reason)})`,
  )
}

const REASON_LENGTH_MAX = 200

/** A broker may answer anything, and this ends up in logs. */
function shorten(text: string): string {
  const line = text.replaceAll(/[^\x20-\x7E]/gu, ' ')
  return line.length > REASON_LENGTH_MAX ? `${line.slice(0, REASON_LENGTH_MAX)} …` : line
}
