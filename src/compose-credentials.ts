/** When credentials end: those that the service shows, and those that it takes. */
import { readFileSync } from 'node:fs'
import type { TlsIdentity } from './api/security/tls-server.ts'
import type { Config } from './config/config.ts'
import type { KeyEnd } from './service/callers/api-keys.ts'
import { listCertificateEnds, type CertificateSource } from './service/certificate-end.ts'
import { SYSTEM_CA } from './service/credentials/tls-identity.ts'
import { endOfToken } from './service/credentials/token-end.ts'
import type { CredentialEnd } from './service/metrics/metric-table.ts'

export interface CredentialSources {
  /** Of the API's own port. Undefined: it speaks plain HTTP. */
  readonly tls: TlsIdentity | undefined
  readonly keyEnds: () => readonly KeyEnd[]
}

/** As they are now. */
export function listCredentialEnds(
  config: Config,
  { tls, keyEnds }: CredentialSources,
): readonly CredentialEnd[] {
  return [
    ...listCertificateEnds([...clientCertificates(config), ...serverCertificates(tls)]),
    ...registryToken(config),
    ...keyEnds().map(({ id, endsAtMs }) => ({ kind: 'api-key', id, endsAt: new Date(endsAtMs) })),
  ]
}

/** Of the API's own port: as it is in use, which a file that is wrong does not replace. */
function serverCertificates(tls: TlsIdentity | undefined): readonly CertificateSource[] {
  if (tls === undefined) return []
  return [
    { kind: 'api-server', read: () => tls.current().cert },
    { kind: 'api-client-authority', read: () => tls.current().ca ?? '', isOfAuthorities: true },
  ]
}

function clientCertificates(config: Config): readonly CertificateSource[] {
  const { database, kafkaSecurity, schemaRegistryTls } = config
  const parameters = database.kind === 'postgres' ? new URL(database.url).searchParams : undefined
  const files = {
    kafka: kafkaSecurity.tls,
    registry: schemaRegistryTls,
    database: {
      certificateFile: parameters?.get('sslcert') ?? undefined,
      caFile: parameters?.get('sslrootcert') ?? undefined,
    },
  }
  return Object.entries(files).flatMap(([whose, { certificateFile, caFile } = {}]) => [
    ...(certificateFile === undefined
      ? []
      : [{ kind: `${whose}-client`, read: reading(certificateFile) }]),
    ...(caFile === undefined || caFile === SYSTEM_CA
      ? []
      : [{ kind: `${whose}-authority`, read: reading(caFile), isOfAuthorities: true }]),
  ])
}

function reading(path: string): () => string {
  return () => readFileSync(path, 'utf8')
}

/** Of a setting: somebody keeps a file fresh, and nobody a setting. */
function registryToken({ schemaRegistryAuth: auth }: Config): readonly CredentialEnd[] {
  if (auth.kind !== 'bearer' || auth.token.kind !== 'text') return []
  const endsAtMs = endOfToken(auth.token.text)
  return endsAtMs === undefined ? [] : [{ kind: 'registry-token', endsAt: new Date(endsAtMs) }]
}
