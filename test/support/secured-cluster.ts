import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { createAuthority } from './certificates.ts'
import { mechanisms, PASSWORD, SCRAM_USERS, USER } from './secured-broker.ts'

/** Shorter than most faults, so that sessions end in the middle of them. */
const SESSION_MS = 10_000

/** What the doors of a cluster for its services are made of when they ask for TLS and SCRAM. */
export interface ClusterSecurity {
  /** The same for the brokers and their proxies: all of them are on this machine. */
  readonly certificate: Pick<TlsOptions, 'cert' | 'key'>
  readonly properties: Readonly<Record<string, string>>
  readonly formatArguments: readonly string[]
  /** Of the service. */
  readonly settings: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Of the listeners DIRECT, with TLS, and PROXIED, whose TLS ends in the proxy. */
export async function createClusterSecurity(): Promise<ClusterSecurity> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-secured-'))
  const authority = await createAuthority(folder)
  const issued = await authority.issue('broker', { altNames: 'DNS:localhost,IP:127.0.0.1' })
  return {
    certificate: {
      cert: await readFile(issued.certificateFile),
      key: await readFile(issued.keyFile),
    },
    properties: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': issued.bothFile,
      ...mechanisms('direct'),
      ...mechanisms('proxied'),
      'connections.max.reauth.ms': String(SESSION_MS),
    },
    formatArguments: SCRAM_USERS,
    settings: {
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SSL_CA_LOCATION: authority.caFile,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: USER,
      KAFKA_SASL_PASSWORD: PASSWORD,
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
