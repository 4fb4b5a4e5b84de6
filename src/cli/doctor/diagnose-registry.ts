import { createRegistry } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { askForKeySubject } from '../../service/key-format-check.ts'
import type { RegistryClient } from '../../service/schema-registry/client.ts'
import { listSubjectSchemas } from '../../service/schema-registry/event-encoder.ts'
import { RegistryError } from '../../service/schema-registry/registry-error.ts'
import type { SubjectSchema } from '../../service/schema-registry/schema-registration.ts'
import { CONNECT_TIMEOUT_MS, diagnoseAddresses, isConnection } from './diagnose-addresses.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { setLevelCommand } from './judges/commands.ts'
import { notExamined, ok, type Finding } from './judges/finding.ts'
import type { ClockReading, MissingReading } from './judges/judge-clock.ts'
import type { KeyEvidence } from './judges/judge-keys.ts'
import {
  isOfOneQuestion,
  judgeRegistryFailure,
  judgeUnreadLevel,
  judgeUnreadSubject,
} from './judges/judge-registry.ts'
import { judgeLevel, judgeRegistration } from './judges/judge-schema.ts'

const UNREACHABLE = { failure: 'the registry cannot be reached' }

export async function diagnoseRegistry(config: Config): Promise<Diagnosis> {
  const { schemaRegistryUrl: url, kafkaTopic, kafkaKeyFormat } = config
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
  const addresses = await diagnoseAddresses('registry', [address], 'SCHEMA_REGISTRY_URL')
  const subjects = listSubjectSchemas(kafkaTopic, kafkaKeyFormat)
  if (!addresses.some(isConnection)) {
    const findings = [...addresses, ...notExaminedSubjects(subjects)]
    return { findings, clock: UNREACHABLE, keys: UNREACHABLE }
  }
  const client = createRegistry(config)
  try {
    const [clock, keys, findings] = await Promise.all([
      readClock(url),
      readKeyEvidence(client, kafkaTopic),
      diagnoseSubjects(client, subjects, config),
    ])
    return { findings: [...addresses, ...findings], clock, keys }
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
    else return [judgeRegistryFailure(one), ...notExaminedSubjects(subjects)]
  }
  return [ok('registry', `answers at ${config.schemaRegistryUrl}`), ...findings]
}

function notExaminedSubjects(subjects: readonly SubjectSchema[]): Finding[] {
  return subjects.map(({ subject }) => notExamined(`subject ${subject}`, 'registry'))
}

async function diagnoseSubject(
  client: RegistryClient,
  subject: SubjectSchema,
  config: Config,
): Promise<Finding[] | RegistryError> {
  const registration = await answerOf(readRegistration(client, subject))
  if (registration instanceof RegistryError && !isOfOneQuestion(registration)) return registration
  const level = await answerOf(client.getSubjectCompatibility(subject.subject))
  const { schemaRegistryUrl, schemaRegistryBasicAuthUserInfo: userInfo } = config
  return [
    registration instanceof RegistryError
      ? judgeUnreadSubject(subject.subject, registration)
      : judgeRegistration(registration, config.schemaRegistryAutoRegister),
    level instanceof RegistryError
      ? judgeUnreadLevel(subject.subject, level)
      : judgeLevel(
          subject.subject,
          level,
          setLevelCommand(schemaRegistryUrl, userInfo !== undefined),
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

/** Any answer has a date in its head. */
async function readClock(url: string): Promise<ClockReading | MissingReading> {
  try {
    const beforeMs = Date.now()
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal })
    const dateMs = Date.parse(response.headers.get('date') ?? '')
    if (Number.isNaN(dateMs)) return { failure: 'the answers of the registry carry no date' }
    return { beforeMs, dateMs, afterMs: Date.now() }
  } catch (error) {
    return { failure: `the registry did not answer (${describe(error)})` }
  }
}
