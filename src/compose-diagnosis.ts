import { judgeClock } from './business/diagnosis/judge-clock.ts'
import { ok, problem, warning, type Finding } from './business/diagnosis/finding.ts'
import { judgeSubject } from './business/diagnosis/judge-schema.ts'
import { judgeStore, type StoreFacts } from './business/diagnosis/judge-store.ts'
import { judgeTopic } from './business/diagnosis/judge-topic.ts'
import type { Config } from './config/config.ts'
import { KafkaCluster } from './service/kafka/cluster.ts'
import { readClusterFacts } from './service/kafka/topic-facts.ts'
import { connectError, lookupError } from './service/network.ts'
import { createRegistryClient, type RegistryClient } from './service/schema-registry/client.ts'
import { listSubjectSchemas } from './service/schema-registry/event-encoder.ts'
import type { SubjectSchema } from './service/schema-registry/schema-registration.ts'
import { inspectStore as inspectPostgresStore } from './service/storage/postgres/inspect.ts'
import { MEMORY_PATH } from './service/storage/sqlite/connection.ts'
import { inspectStore as inspectSqliteStore } from './service/storage/sqlite/inspect.ts'
import { systemClock } from './service/system.ts'

/** What `cart doctor` asks the surroundings. Nothing here changes anything. */

const CONNECT_TIMEOUT_MS = 3_000

/** No check takes longer, whatever it meets. */
const CHECK_TIMEOUT_MS = 12_000

interface Address {
  readonly host: string
  readonly port: number
}

/** Everything that was looked at, in the order in which one thing rests on the other. Never rejects. */
export async function diagnose(config: Config): Promise<Finding[]> {
  const groups = await Promise.all([
    bounded('kafka', 'Is the broker overloaded, or a firewall in between?', diagnoseKafka(config)),
    bounded('registry', 'Is the registry overloaded?', diagnoseRegistry(config)),
    bounded('store', 'Is the disk in order?', diagnoseStore(config)),
  ])
  return groups.flat()
}

/** A check that hangs or fails unforeseen is a finding as well. */
async function bounded(
  check: string,
  action: string,
  findings: Promise<Finding[]>,
): Promise<Finding[]> {
  const over = new AbortController()
  const late = systemClock
    .sleep(CHECK_TIMEOUT_MS, over.signal)
    .then((): Finding[] => [problem(check, `no result within ${CHECK_TIMEOUT_MS} ms`, action)])
  try {
    return await Promise.race([findings, late])
  } catch (error) {
    return [problem(check, describe(error), action)]
  } finally {
    over.abort()
  }
}

async function diagnoseKafka(config: Config): Promise<Finding[]> {
  const { kafkaBootstrapServers, kafkaTopic, kafkaClientId, kafkaTopicPartitions } = config
  const found = await diagnoseAddresses('kafka', kafkaBootstrapServers, 'KAFKA_BOOTSTRAP_SERVERS')
  if (!found.some(isConnection)) return found
  // One is enough to learn the others.
  const addresses = found.map((finding): Finding =>
    finding.verdict === 'problem' ? { ...finding, verdict: 'warning' } : finding,
  )
  const cluster = new KafkaCluster(kafkaClientId, kafkaTopic, kafkaBootstrapServers)
  const facts = await readClusterFacts(cluster).catch(describe)
  if (typeof facts === 'string') {
    const action = 'Is that the plaintext listener of a Kafka broker? If not, correct the address.'
    return [...addresses, problem('kafka', facts, action)]
  }
  const { brokers, topic } = facts
  return [
    ...addresses,
    ok('kafka', `answers; ${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`),
    ...(await diagnoseAdvertised(brokers, kafkaBootstrapServers)),
    ...(topic === undefined
      ? [
          problem(
            `topic ${kafkaTopic}`,
            'does not exist',
            'Start the service, which creates it, or set KAFKA_TOPIC to the one that is meant.',
          ),
        ]
      : [ok(`topic ${kafkaTopic}`, 'exists'), ...judgeTopic(topic, kafkaTopicPartitions)]),
  ]
}

/** Clients are sent to the addresses that brokers advertise, which may not be the configured ones. */
async function diagnoseAdvertised(
  brokers: readonly Address[],
  known: readonly Address[],
): Promise<Finding[]> {
  const others = brokers.filter(
    ({ host, port }) => !known.some((address) => address.host === host && address.port === port),
  )
  return diagnoseAddresses('advertised', others, 'advertised.listeners of the broker')
}

async function diagnoseRegistry(config: Config): Promise<Finding[]> {
  const { schemaRegistryUrl: url, kafkaTopic, kafkaKeyFormat } = config
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
  const addresses = await diagnoseAddresses('registry', [address], 'SCHEMA_REGISTRY_URL')
  if (!addresses.some(isConnection)) return addresses
  const client = createRegistryClient({
    baseUrl: url,
    userInfo: config.schemaRegistryBasicAuthUserInfo,
    timeoutMs: config.schemaRegistryTimeoutMs,
    clock: systemClock,
  })
  try {
    const clock = diagnoseClock(url)
    const subjects = listSubjectSchemas(kafkaTopic, kafkaKeyFormat)
    const findings = await Promise.all(
      subjects.map((subject) => diagnoseSubject(client, subject, config)),
    )
    return [...addresses, ok('registry', `answers at ${url}`), ...findings.flat(), ...(await clock)]
  } catch (error) {
    const action =
      'Set SCHEMA_REGISTRY_URL to the address of its API, path and credentials included.'
    return [...addresses, problem('registry', describe(error), action)]
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

/** Any answer has a date in its head; nothing where this one has not. */
async function diagnoseClock(url: string): Promise<Finding[]> {
  try {
    const beforeMs = Date.now()
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal })
    const dateMs = Date.parse(response.headers.get('date') ?? '')
    return Number.isNaN(dateMs) ? [] : [judgeClock(beforeMs, dateMs, Date.now())]
  } catch {
    return []
  }
}

async function diagnoseStore(config: Config): Promise<Finding[]> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    const action = 'For orders that are kept, set DATABASE_URL=sqlite:data/cart.db.'
    return [warning('store', 'in memory: orders are gone with the process', action)]
  }
  try {
    return [judgeStore(await inspect(config))]
  } catch (error) {
    const action =
      database.kind === 'sqlite'
        ? `Let the service write ${database.path} and its directory, or set DATABASE_URL.`
        : 'Start the database, or correct DATABASE_URL.'
    return [problem('store', describe(error), action)]
  }
}

async function inspect({ database, databaseRequireDurability }: Config): Promise<StoreFacts> {
  switch (database.kind) {
    case 'sqlite':
      return inspectSqliteStore(database.path)
    case 'postgres':
      return inspectPostgresStore({
        url: database.url,
        database: database.name,
        mustBeDurable: databaseRequireDurability,
      })
  }
}

/** Two findings for each: its name, and a connection. */
async function diagnoseAddresses(
  what: string,
  addresses: readonly Address[],
  setting: string,
): Promise<Finding[]> {
  const findings = await Promise.all(
    addresses.map(async ({ host, port }): Promise<Finding[]> => {
      const lookup = await lookupError(host)
      if (lookup !== undefined) {
        const action = `Correct ${setting}, or let this machine's name service know ${host}.`
        return [problem(`${what} dns`, `${host} has no address (${lookup})`, action)]
      }
      const connect = await connectError(host, port, CONNECT_TIMEOUT_MS)
      const name = `${what} tcp`
      return [
        ok(`${what} dns`, host),
        connect === undefined
          ? ok(name, `${host}:${port}`)
          : problem(
              name,
              `${host}:${port} cannot be reached (${connect})`,
              `Start what should listen there, or correct ${setting}.`,
            ),
      ]
    }),
  )
  return findings.flat()
}

function isConnection({ check, verdict }: Finding): boolean {
  return check.endsWith(' tcp') && verdict === 'ok'
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
