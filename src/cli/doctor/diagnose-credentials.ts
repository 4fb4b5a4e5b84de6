import { X509Certificate } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import { readSecret, readTextFile, type Secret } from '../../service/credentials/secret.ts'
import { SYSTEM_CA, TlsIdentity, type TlsFiles } from '../../service/credentials/tls-identity.ts'
import { endOfToken } from '../../service/credentials/token-end.ts'
import { diagnoseReaders } from './diagnose-readers.ts'
import { describe } from './diagnosis.ts'
import { problem, warning, type Finding } from './judges/finding.ts'
import { judgeValidity } from './judges/judge-validity.ts'

/** What the service shows to others, as far as its own files tell. */

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs

/** What the settings call them. */
export interface TlsNames {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

export function diagnoseTlsFiles(check: string, names: TlsNames, files: TlsFiles): Finding[] {
  try {
    new TlsIdentity(files).current()
  } catch (error) {
    const action = `Correct the files of ${Object.values(names).join(', ')}.`
    return [problem(check, describe(error), action)]
  }
  return [
    ...judgeCertificates(check, names.certificate, files.certificateFile),
    ...judgeCertificates(check, names.ca, files.caFile),
    ...diagnoseReaders(check, names.key, files.keyFile),
  ]
}

function judgeCertificates(check: string, setting: string, path: string | undefined): Finding[] {
  if (path === undefined || path === SYSTEM_CA) return []
  const certificates = [...readTextFile(path).matchAll(PEM_CERTIFICATE)]
  return certificates.map(([pem]) => {
    const { subject, validFromDate, validToDate } = new X509Certificate(pem)
    const what = `${subject.replaceAll('\n', ', ')} of ${setting}`
    const range = { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() }
    return judgeValidity({ check, what, ...range }, Date.now())
  })
}

/** Of Kafka: the token that somebody else writes, and what an onlooker on the network would see. */
export function diagnoseSasl({ protocol, sasl, tls }: Config['kafkaSecurity']): Finding[] {
  const findings: Finding[] = []
  if (protocol === 'SASL_PLAINTEXT') {
    const action = 'Set KAFKA_SECURITY_PROTOCOL=SASL_SSL, and the port of that listener.'
    findings.push(warning('kafka sasl', 'the credential is sent without encryption', action))
  }
  if (tls?.verifies === 'ca') {
    const action = 'Set KAFKA_SSL_SERVER_NAME to the name in the certificates instead.'
    findings.push(warning('kafka tls', 'every broker of the authority is believed', action))
  }
  if (sasl?.mechanism === 'OAUTHBEARER' && sasl.origin.kind === 'file') {
    findings.push(...diagnoseToken('kafka sasl', 'KAFKA_SASL_OAUTHBEARER_TOKEN', sasl.origin))
  }
  return findings
}

/** Of a token that somebody else makes. `name` is of its setting, or of that with _FILE behind it. */
export function diagnoseToken(check: string, name: string, secret: Secret): Finding[] {
  const setting = secret.kind === 'file' ? `${name}_FILE` : name
  let token: string
  try {
    token = readSecret(secret)
  } catch (error) {
    return [problem(check, describe(error), `Write the token there, or correct ${setting}.`)]
  }
  const untilMs = endOfToken(token)
  if (untilMs === undefined) return []
  const range = { fromMs: -Infinity, untilMs }
  const what = `the token of ${setting}`
  // Somebody keeps a file fresh, and nobody a setting.
  const isShortLived = secret.kind === 'file'
  return [judgeValidity({ check, what, ...range, isShortLived }, Date.now())]
}
