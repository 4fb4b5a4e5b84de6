import {
  ClientError,
  ClientSecretBasic,
  None,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  type ClientAuth,
} from 'openid-client'
import { BackOff } from '../credentials/back-off.ts'

export interface ClientProofDeps {
  /** Undefined: a client without a secret, which proves by PKCE alone that it began the login. */
  readonly readSecret: (() => Promise<string>) | undefined
  readonly nowMs: () => number
}

/**
 * By what the service proves to the provider which client it is. The secret is read at each use. One that
 * the provider refuses is kept back for a while, so that no provider locks the client out; another one is
 * shown at once.
 */
export class ClientProof {
  readonly #deps: ClientProofDeps
  #secret: string | undefined
  #refusals: BackOff

  constructor(deps: ClientProofDeps) {
    this.#deps = deps
    this.#refusals = new BackOff(deps.nowMs)
  }

  readonly authenticate: ClientAuth = (...request) => {
    const prove = this.#secret === undefined ? None() : ClientSecretBasic(this.#secret)
    prove(...request)
  }

  /** Rejects with the refusal of this secret while its wait lasts, and where the secret cannot be read. */
  async check(): Promise<void> {
    const secret = await this.#deps.readSecret?.()
    if (secret !== this.#secret) this.#refusals = new BackOff(this.#deps.nowMs)
    this.#secret = secret
    this.#refusals.check()
  }

  /** Once it is checked. */
  show<T>(exchange: () => Promise<T>): Promise<T> {
    return this.#refusals.run(exchange, isClientRefused)
  }
}

/** RFC 6749 §5.2: the codes of a client, and the status that has no other reason. */
const CLIENT_FAULTS = ['invalid_client', 'unauthorized_client']

const CLIENT_UNKNOWN = 401

export function isClientRefused(error: unknown): boolean {
  if (error instanceof WWWAuthenticateChallengeError) return error.status === CLIENT_UNKNOWN
  if (error instanceof ResponseBodyError) {
    return error.status === CLIENT_UNKNOWN || CLIENT_FAULTS.includes(error.error)
  }
  // Without a word of OAuth.
  const answer = error instanceof ClientError ? error.cause : undefined
  return answer instanceof Response && answer.status === CLIENT_UNKNOWN
}
