import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../dev-services/ports.ts'
import { createAuthority, type Authority, type IssuedCertificate } from './certificates.ts'
import { AUDIENCE, TokenIssuer } from './token-issuer.ts'
import { startTestBroker, type TestBroker } from './kafka-broker.ts'

export const USER = 'cart'
/** With what a JAAS file and a shell would take for their own. */
export const PASSWORD = 'pa=ss#wo%rd$1'

/** For the command that prepares a broker's folder: the user is in the metadata from the start. */
export const SCRAM_USERS: readonly string[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
  (mechanism) => `--add-scram=${mechanism}=[name=${USER},password=${PASSWORD}]`,
)

/** One Kafka that is reached in every way, and the certificates for it. */
export interface SecuredBroker {
  /** In plain text, for a test that looks at the topic. */
  readonly plain: TestBroker
  /** `localhost:port`: TLS that demands a certificate. */
  readonly mutualTls: string
  /** `localhost:port`: TLS, with every SASL mechanism. */
  readonly saslTls: string
  /** `localhost:port`: the same without TLS. */
  readonly saslPlaintext: string
  readonly tokenIssuer: TokenIssuer
  readonly authority: Authority
  /** Of a client. */
  readonly client: IssuedCertificate
  /** For files of the test; it goes with the broker. */
  readonly folder: string
  close(): Promise<void>
}

export interface SecuredBrokerOptions {
  /** How long a session that has signed in may live. */
  readonly sessionMsMax?: number
  readonly properties?: Readonly<Record<string, string>>
}

export async function startSecuredBroker(
  options: SecuredBrokerOptions = {},
): Promise<SecuredBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-secured-'))
  try {
    return await start(folder, options)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function start(folder: string, options: SecuredBrokerOptions): Promise<SecuredBroker> {
  const authority = await createAuthority(folder)
  const server = await authority.issue('broker')
  const client = await authority.issue('client')
  const tokenIssuer = await TokenIssuer.start()
  const ports = {
    PLAINTEXT: await findFreePort(),
    CONTROLLER: await findFreePort(),
    MUTUAL: await findFreePort(),
    SASL: await findFreePort(),
    SASLPLAIN: await findFreePort(),
  }
  const plain = await startTestBroker({
    port: ports.PLAINTEXT,
    controllerPort: ports.CONTROLLER,
    properties: {
      ...listeners(ports),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': server.bothFile,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.caFile,
      'listener.name.mutual.ssl.client.auth': 'required',
      ...mechanisms('sasl'),
      ...mechanisms('saslplain'),
      ...tokens('sasl', tokenIssuer),
      'connections.max.reauth.ms': String(options.sessionMsMax ?? 0),
      ...options.properties,
    },
    formatArguments: SCRAM_USERS,
    moreJvmFlags: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${tokenIssuer.keysUrl}`],
  })
  return {
    plain,
    mutualTls: `localhost:${ports.MUTUAL}`,
    saslTls: `localhost:${ports.SASL}`,
    saslPlaintext: `localhost:${ports.SASLPLAIN}`,
    tokenIssuer,
    authority,
    client,
    folder,
    async close() {
      await plain.close()
      await tokenIssuer.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function listeners(ports: Readonly<Record<string, number>>): Record<string, string> {
  const list = Object.entries(ports).map(([name, port]) => `${name}://localhost:${port}`)
  return {
    listeners: list.join(','),
    'advertised.listeners': list.filter((entry) => !entry.startsWith('CONTROLLER')).join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,MUTUAL:SSL,SASL:SASL_SSL,SASLPLAIN:SASL_PLAINTEXT',
  }
}

/** Of one listener: users with passwords. */
export function mechanisms(listener: string): Record<string, string> {
  const name = (property: string): string => `listener.name.${listener}.${property}`
  const module = 'org.apache.kafka.common.security'
  const scram = `${module}.scram.ScramLoginModule required;`
  return {
    [name('sasl.enabled.mechanisms')]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [name('plain.sasl.jaas.config')]:
      `${module}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
    [name('scram-sha-256.sasl.jaas.config')]: scram,
    [name('scram-sha-512.sasl.jaas.config')]: scram,
  }
}

function tokens(listener: string, tokenIssuer: TokenIssuer): Record<string, string> {
  const name = (property: string): string => `listener.name.${listener}.${property}`
  const bearer = 'org.apache.kafka.common.security.oauthbearer'
  return {
    [name('sasl.enabled.mechanisms')]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [name('oauthbearer.sasl.jaas.config')]: `${bearer}.OAuthBearerLoginModule required;`,
    [name('oauthbearer.sasl.server.callback.handler.class')]:
      `${bearer}.OAuthBearerValidatorCallbackHandler`,
    [name('sasl.oauthbearer.jwks.endpoint.url')]: tokenIssuer.keysUrl,
    [name('sasl.oauthbearer.expected.audience')]: AUDIENCE,
    [name('sasl.oauthbearer.expected.issuer')]: tokenIssuer.url,
  }
}
