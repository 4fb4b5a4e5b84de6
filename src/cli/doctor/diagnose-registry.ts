import { createRegistry } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import type { RegistryClient } from '../../service/schema-registry/client.ts'
import { listSubjectSchemas } from '../../service/schema-registry/event-encoder.ts'
import type { SubjectSchema } from '../../service/schema-registry/schema-registration.ts'
import { CONNECT_TIMEOUT_MS, diagnoseAddresses, isConnection } from './diagnose-addresses.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { ok, problem, type Finding } from './judges/finding.ts'
import type { ClockReading } from './judges/judge-clock.ts'
import { judgeSubject } from './judges/judge-schema.ts'

export async function diagnoseRegistry(config: Config): Promise<Diagnosis> {
  const { schemaRegistryUrl: url, kafkaTopic, kafkaKeyFormat } = config
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
  const addresses = await diagnoseAddresses('registry', [address], 'SCHEMA_REGISTRY_URL')
  if (!addresses.some(isConnection)) return { findings: addresses }
  const client = createRegistry(config)
  try {
    const clock = readClock(url)
    const subjects = listSubjectSchemas(kafkaTopic, kafkaKeyFormat)
    const findings = await Promise.all(
      subjects.map((subject) => diagnoseSubject(client, subject, config)),
    )
    return {
      findings: [...addresses, ok('registry', `answers at ${url}`), ...findings.flat()],
      clock: await clock,
    }
  } catch (error) {
    const action =
      'Set SCHEMA_REGISTRY_URL to the address of its API, path and credentials included.'
    return { findings: [...addresses, problem('registry', describe(error), action)] }
  } finally {
    client.close()
  }
}

async function diagnoseSubject(
  client: RegistryClient,
  { subject, schema }: SubjectSchema,
  { schemaRegistryAutoRegister }: Config,
): Promise<Finding[]> {
  const schemaId = await client.lookUp(subject, schema)
  const level = await client.getSubjectCompatibility(subject)
  const { isCompatible, reasons } =
    schemaId === undefined
      ? await client.checkCompatibility(subject, schema)
      : { isCompatible: true, reasons: [] }
  const facts = { subject, schemaId, isCompatible, reasons, level }
  return judgeSubject(facts, schemaRegistryAutoRegister)
}

/** Any answer has a date in its head. */
async function readClock(url: string): Promise<ClockReading | undefined> {
  try {
    const beforeMs = Date.now()
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal })
    const dateMs = Date.parse(response.headers.get('date') ?? '')
    return Number.isNaN(dateMs) ? undefined : { beforeMs, dateMs, afterMs: Date.now() }
  } catch {
    return undefined
  }
}
