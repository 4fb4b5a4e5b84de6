import { createRegistry } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { askForKeySubject } from '../../service/key-format-check.ts'
import { TlsIdentity } from '../../service/credentials/tls-identity.ts'
import type { RegistryClient } from '../../service/schema-registry/client.ts'
import { listSubjectSchemas } from '../../service/schema-registry/event-encoder.ts'
import { RegistryError } from '../../service/schema-registry/registry-error.ts'
import { createTransport } from '../../service/schema-registry/registry-transport.ts'
import type { SubjectSchema } from '../../service/schema-registry/schema-registration.ts'
import { CONNECT_TIMEOUT_MS, diagnoseAddresses, isConnection } from './diagnose-addresses.ts'
import { diagnoseTlsFiles, diagnoseToken } from './diagnose-credentials.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { setLevelCommand } from './commands.ts'
import { notExamined, ok, type Finding } from './judges/finding.ts'
import type { ClockReading, MissingReading } from './judges/judge-clock.ts'
import type { KeyEvidence } from './judges/judge-keys.ts'
import { judgeValidity } from './judges/judge-validity.ts'
import {
  isOfOneQuestion,
  judgeRegistryFailure,
  judgeUnreadLevel,
  judgeUnreadSubject,
} from './judges/judge-registry.ts'
import { judgeLevel, judgeRegistration } from './judges/judge-schema.ts'

const TLS_NAMES = {
  ca: 'SCHEMA_REGISTRY_SSL_CA_LOCATION',
  certificate: 'SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION',
  key: 'SCHEMA_REGISTRY_SSL_KEY_LOCATION',
}

const TOKEN = 'SCHEMA_REGISTRY_BEARER_AUTH_TOKEN'

const UNREACHABLE = { failure: 'the registry cannot be reached' }

export async function diagnoseRegistry(config: Config): Promise<Diagnosis> {
  const { schemaRegistryUrl: url, kafkaTopic, kafkaKeyFormat } = config
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
  const addresses = [
    ...(await diagnoseAddresses('registry', [address], 'SCHEMA_REGISTRY_URL')),
    ...(config.schemaRegistryTls === undefined
      ? []
      : diagnoseTlsFiles('registry tls', TLS_NAMES, config.schemaRegistryTls)),
    ...(config.schemaRegistryAuth?.kind === 'bearer'
      ? diagnoseToken('registry token', TOKEN, config.schemaRegistryAuth.token)
      : []),
  ]
  const subjects = listSubjectSchemas(kafkaTopic, kafkaKeyFormat)
  if (!addresses.some(isConnection)) {
    const findings = [...addresses, ...notExaminedHere(config)]
    return { findings, clock: UNREACHABLE, keys: UNREACHABLE }
  }
  const client = createRegistry(config)
  try {
    const [{ clock, certificate }, keys, findings] = await Promise.all([
      readHead(config),
      readKeyEvidence(client, kafkaTopic),
      diagnoseSubjects(client, subjects, config),
    ])
    return { findings: [...addresses, ...certificate, ...findings], clock, keys }
  } finally {
    client.close()
  }
}

/** The first refusal that is not of one question is of the registry, and speaks for all. */
async function diagnoseSubjects(
  client: RegistryClient,
  subjects: readonly SubjectSchema[],
  config: Config,
): Promise<Finding[]> {
  const found = await Promise.all(
    subjects.map((subject) => diagnoseSubject(client, subject, config)),
  )
  const findings: Finding[] = []
  for (const one of found) {
    if (!(one instanceof RegistryError)) findings.push(...one)
    else {
      const failure = judgeRegistryFailure(one, config.schemaRegistryAuth.kind)
      return [failure, ...notExaminedHere(config)]
    }
  }
  return [ok('registry', `answers at ${config.schemaRegistryUrl}`), ...findings]
}

/** All that is asked of a registry that answers. */
export function registryChecks({ kafkaTopic, kafkaKeyFormat }: Config): readonly string[] {
  return listSubjectSchemas(kafkaTopic, kafkaKeyFormat).map(({ subject }) => `subject ${subject}`)
}

function notExaminedHere(config: Config): Finding[] {
  return registryChecks(config).map((check) => notExamined(check, 'registry'))
}

async function diagnoseSubject(
  client: RegistryClient,
  subject: SubjectSchema,
  config: Config,
): Promise<Finding[] | RegistryError> {
  const registration = await answerOf(readRegistration(client, subject))
  if (registration instanceof RegistryError && !isOfOneQuestion(registration)) return registration
  const level = await answerOf(client.getSubjectCompatibility(subject.subject))
  const { schemaRegistryUrl: url, schemaRegistryAuth, schemaRegistryTls } = config
  const auth = schemaRegistryAuth.kind
  return [
    registration instanceof RegistryError
      ? judgeUnreadSubject(subject.subject, registration, auth)
      : judgeRegistration(registration, config.schemaRegistryAutoRegister),
    level instanceof RegistryError
      ? judgeUnreadLevel(subject.subject, level, auth)
      : judgeLevel(
          subject.subject,
          level,
          setLevelCommand({ url, auth, ...(schemaRegistryTls && { tls: schemaRegistryTls }) }),
        ),
  ]
}

async function readRegistration(client: RegistryClient, { subject, schema }: SubjectSchema) {
  const schemaId = await client.lookUp(subject, schema)
  if (schemaId !== undefined) return { subject, schemaId, isCompatible: true, reasons: [] }
  return { subject, schemaId, ...(await client.checkCompatibility(subject, schema)) }
}

async function answerOf<Answer>(question: Promise<Answer>): Promise<Answer | RegistryError> {
  try {
    return await question
  } catch (error) {
    if (error instanceof RegistryError) return error
    throw error
  }
}

async function readKeyEvidence(client: RegistryClient, topic: string): Promise<KeyEvidence> {
  try {
    return { found: await askForKeySubject(client, topic)(AbortSignal.timeout(CONNECT_TIMEOUT_MS)) }
  } catch (error) {
    return { failure: describe(error) }
  }
}

interface Head {
  readonly clock: ClockReading | MissingReading
  readonly certificate: readonly Finding[]
}

/** Any answer has a date in its head, and by TLS a certificate before it. */
async function readHead({ schemaRegistryUrl: url, schemaRegistryTls: tls }: Config): Promise<Head> {
  try {
    const beforeMs = Date.now()
    const exchange = createTransport(tls && new TlsIdentity(tls))
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
    const question = { method: 'HEAD', url, headers: {}, body: undefined, signal }
    const { date, validity } = await exchange(question)
    const check = { check: 'registry tls', what: 'the certificate of the registry' }
    const certificate = validity ? [judgeValidity({ ...check, ...validity }, Date.now())] : []
    const dateMs = Date.parse(date ?? '')
    const clock = Number.isNaN(dateMs)
      ? { failure: 'the answers of the registry carry no date' }
      : { beforeMs, dateMs, afterMs: Date.now() }
    return { clock, certificate }
  } catch (error) {
    const clock = { failure: `the registry did not answer (${describe(error)})` }
    return { clock, certificate: [] }
  }
}
