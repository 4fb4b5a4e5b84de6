/**
 * How this service gets in: TLS and SASL of every connection to a broker, whoever opens it (lanes, cluster,
 * tail, audit, doctor). Files and tokens are read when a connection is opened, so what is replaced on disk
 * is used without a restart.
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { ConnectionOptions } from '@platformatic/kafka'
import { readSecret, type Secret } from '../credentials/secret.ts'
import { describeTlsError, type TlsPeer } from '../credentials/tls-errors.ts'
import { TlsIdentity, type TlsFiles } from '../credentials/tls-identity.ts'
import {
  createTokenSource,
  type TokenOrigin,
  type TokenSource,
} from '../credentials/token-source.ts'
import { createSasl, findRefusal, type Proof, type SignIn } from './sasl.ts'
import { SignInGate } from './sign-in-gate.ts'

/** TLS and SASL need more round trips, and a directory behind the broker may be asked. */
const CONNECT_TIMEOUT_MS = 5_000

/** How soon a file that was replaced is noticed; every open connection asks. */
const REVISION_VALID_MS = 1_000

export interface BrokerTls extends TlsFiles {
  /** Instead of the broker's host: for the name that is asked for and the one in the certificate. */
  readonly serverName: string | undefined
  /** `ca`: whatever name the certificate has. */
  readonly verifies: 'full' | 'ca'
}

export interface PasswordSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: Secret
}

export interface TokenSasl {
  readonly mechanism: 'OAUTHBEARER'
  readonly origin: TokenOrigin
  /** Such as `logicalCluster` and `identityPoolId` of Confluent Cloud. */
  readonly extensions: Readonly<Record<string, string>>
}

/** Undefined: in plain text, and without saying who we are. */
export interface BrokerSecurity {
  readonly tls: BrokerTls | undefined
  readonly sasl: PasswordSasl | TokenSasl | undefined
}

/** What one attempt to connect is made with, and how it ended. */
export interface Attempt {
  readonly options: Pick<ConnectionOptions, 'tls' | 'tlsServerName' | 'sasl'>
  readonly connectTimeoutMs: number
  /** Another one as soon as a file or a secret is another. */
  readonly revision: string
  readonly signIn: SignIn
  /** The same error, as a sentence where it is one of access. */
  readonly explain: (error: unknown) => unknown
}

const PEER: Omit<TlsPeer, 'hasCertificate'> = {
  name: 'the broker',
  caSetting: 'KAFKA_SSL_CA_LOCATION',
  certificateSetting: 'KAFKA_SSL_CERTIFICATE_LOCATION',
}

export class BrokerAccess {
  readonly gate = new SignInGate()
  readonly #security: BrokerSecurity
  readonly #identity: TlsIdentity | undefined
  readonly #tokens: TokenSource | undefined
  #revision = { value: '', untilMs: -Infinity }

  constructor(security: BrokerSecurity) {
    this.#security = security
    this.#identity = security.tls && new TlsIdentity(security.tls)
    this.#tokens =
      security.sasl?.mechanism === 'OAUTHBEARER'
        ? createTokenSource(security.sasl.origin)
        : undefined
  }

  /** A connection without any of this lives as long as it lives. */
  get isPlain(): boolean {
    return this.#security.tls === undefined && this.#security.sasl === undefined
  }

  /** Rejects with a sentence where a file or a token cannot be had. */
  async prepare(host: string, connectTimeoutMs: number): Promise<Attempt> {
    const signIn: SignIn = { refusal: undefined, lifetimeMs: undefined }
    const revision = this.#readRevision()
    // Before the socket opens: the broker does not wait for an identity provider.
    const proof = await this.#prove()
    return {
      options: { ...this.#tlsOptions(host), ...(proof && { sasl: createSasl(proof, signIn) }) },
      connectTimeoutMs: this.isPlain
        ? connectTimeoutMs
        : Math.max(connectTimeoutMs, CONNECT_TIMEOUT_MS),
      revision,
      signIn,
      explain: (error) => this.#explain(error, proof, signIn),
    }
  }

  /** Of the files and secrets as they are now, or were a moment ago. */
  revision(): string {
    return performance.now() < this.#revision.untilMs ? this.#revision.value : this.#readRevision()
  }

  #readRevision(): string {
    this.#revision = { value: this.#hash(), untilMs: performance.now() + REVISION_VALID_MS }
    return this.#revision.value
  }

  #hash(): string {
    try {
      const context = this.#identity?.current().revision ?? ''
      return createHash('sha256').update(`${context} ${this.#secret()}`).digest('base64')
    } catch {
      // Being replaced just now, or gone: what is open stays open.
      return this.#revision.value
    }
  }

  /** What makes another credential: not each token that is fetched by the same one. */
  #secret(): string {
    const { sasl } = this.#security
    if (sasl === undefined) return ''
    if (sasl.mechanism !== 'OAUTHBEARER') return readSecret(sasl.password)
    return this.#tokens?.revision() ?? ''
  }

  async #prove(): Promise<Proof | undefined> {
    const { sasl } = this.#security
    if (sasl === undefined) return undefined
    if (sasl.mechanism !== 'OAUTHBEARER') {
      return { ...sasl, password: readSecret(sasl.password) }
    }
    const { mechanism, extensions } = sasl
    return { mechanism, extensions, token: (await this.#tokens?.token()) ?? '' }
  }

  #explain(error: unknown, proof: Proof | undefined, signIn: SignIn): unknown {
    const refusal = signIn.refusal ?? (proof && findRefusal(proof, error))
    if (refusal !== undefined) {
      // After a change of its keys an identity provider's first token may be refused, and the next not.
      if (proof?.mechanism === 'OAUTHBEARER') this.#tokens?.drop(proof.token)
      return refusal
    }
    const peer = { ...PEER, hasCertificate: this.#security.tls?.certificateFile !== undefined }
    const sentence = describeTlsError(error, peer)
    return sentence === undefined ? error : new Error(sentence, { cause: error })
  }

  #tlsOptions(host: string): Pick<ConnectionOptions, 'tls' | 'tlsServerName'> {
    const { tls } = this.#security
    if (tls === undefined || this.#identity === undefined) return {}
    const { context } = this.#identity.current()
    return {
      tls: {
        secureContext: context,
        ...(tls.verifies === 'ca' && { checkServerIdentity: () => undefined }),
      },
      // An address is no name that can be asked for; Node.js would throw.
      ...(tls.serverName !== undefined
        ? { tlsServerName: tls.serverName }
        : isIP(host) === 0 && { tlsServerName: true }),
    }
  }
}

export const PLAIN_ACCESS = new BrokerAccess({ tls: undefined, sasl: undefined })
