import type { Static, TSchema } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import { findDatabaseContradictions } from './database-auth.ts'
import { findDoorContradictions, toDoorConfig } from './door-settings.ts'
import {
  findCallerContradictions,
  findOpenDoor,
  toCallerConfig,
  type Given,
} from './caller-settings.ts'
import {
  parseAddresses,
  parseDatabaseUrl,
  parseHostNames,
  parseRegistryUrl,
} from './setting-text.ts'
import type { Environment } from './environment.ts'
import { findKafkaContradictions, toKafkaSecurity } from './kafka-security.ts'
import { findRegistryContradictions, toRegistryAuth, toRegistryTls } from './registry-security.ts'
import type { SettingNotes } from './setting-forms.ts'
import { listSettings, settingsSchema } from './settings-schema.ts'

const MS_PER_SECOND = 1_000
const MS_PER_HOUR = 3_600_000

type Settings = Static<typeof settingsSchema>

export type Config = ReturnType<typeof toConfig>

/** Every problem of the environment, one sentence each, each beginning with the variable's name. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The settings are not usable:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** The service listens; a tool only asks, so what is too open to listen does not keep it from that. */
export type Reader = 'service' | 'tool'

/**
 * The frozen configuration from environment variables. A variable that is absent, empty or blank
 * has its default; names that are not settings are ignored.
 * Throws {@link ConfigError} with all problems at once.
 */
export function loadConfig(env: Environment, reader: Reader = 'tool'): Config {
  const values = Object.fromEntries(
    listSettings().map(({ name, schema }) => [name, readValue(schema, textOf(env, name))]),
  )
  const contradictions = findContradictions((name) => textOf(env, name) || undefined, reader)
  if (!Check(settingsSchema, values)) {
    const wrong = listProblems(env, values)
    // A setting that is wrong by itself is told once.
    const others = contradictions.filter((problem) => !wrong.some(isAbout(problem)))
    throw new ConfigError([...wrong, ...others])
  }
  if (contradictions.length > 0) throw new ConfigError(contradictions)
  return toConfig(values)
}

function findContradictions(given: Given, reader: Reader): readonly string[] {
  return [
    ...findKafkaContradictions(given),
    ...findRegistryContradictions(given),
    ...findDatabaseContradictions(given),
    ...findDoorContradictions(given),
    ...findCallerContradictions(given),
    ...(reader === 'service' ? findOpenDoor(given) : []),
  ]
}

/** Every problem begins with the name of a setting. */
function isAbout(problem: string): (other: string) => boolean {
  const [name] = problem.split(' ', 1)
  return (other) => other.startsWith(`${name} `)
}

function textOf(env: Environment, name: string): string {
  return env[name]?.trim() ?? ''
}

/** What is not readable as the type stays text, so that the schema refuses it. */
function readValue(schema: TSchema & SettingNotes, text: string): unknown {
  if (text === '') return schema.default
  const type = 'type' in schema ? schema.type : undefined
  if (type === 'integer' && /^-?\d+$/.test(text)) return Number(text)
  if (type === 'boolean' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text
}

function listProblems(env: Environment, values: Record<string, unknown>): readonly string[] {
  const [, errors] = Errors(settingsSchema, values)
  return listSettings().flatMap(({ name, schema }) => {
    const error = errors.find(({ instancePath }) => instancePath === `/${name}`)
    if (error === undefined) return []
    const demand = error.keyword === '~refine' ? error.message : `must be ${schema.form}`
    const text = textOf(env, name)
    // Before an @ there may be credentials, also in an address that has no place for them.
    const isHidden = schema.isSecret === true || schema.mayHoldSecret === true || text.includes('@')
    const got = isHidden ? 'a value that is not shown here' : JSON.stringify(text)
    return [`${name} ${demand}, got ${got}`]
  })
}

function toConfig(settings: Settings) {
  const registry = checked(parseRegistryUrl(settings.SCHEMA_REGISTRY_URL))
  const servers = checked(parseAddresses(settings.KAFKA_BOOTSTRAP_SERVERS))
  return Object.freeze({
    kafkaBootstrapServers: Object.freeze(servers.map((server) => Object.freeze(server))),
    kafkaTopic: settings.KAFKA_TOPIC,
    kafkaTopicPartitions: settings.KAFKA_TOPIC_PARTITIONS,
    /** Undefined: the broker's default. */
    kafkaTopicReplicationFactor: settings.KAFKA_TOPIC_REPLICATION_FACTOR,
    kafkaKeyFormat: settings.KAFKA_KEY_FORMAT,
    kafkaClientId: settings.KAFKA_CLIENT_ID,
    kafkaSecurity: toKafkaSecurity(settings),
    /** Without credentials and trailing slash. */
    schemaRegistryUrl: registry.url,
    schemaRegistryAuth: toRegistryAuth(settings, registry),
    schemaRegistryTls: toRegistryTls(settings),
    schemaRegistryAutoRegister: settings.SCHEMA_REGISTRY_AUTO_REGISTER,
    schemaRegistryTimeoutMs: settings.SCHEMA_REGISTRY_TIMEOUT_MS,
    apiHost: settings.API_HOST,
    apiPort: settings.API_PORT,
    keepAliveMs: settings.API_KEEP_ALIVE_SECONDS * MS_PER_SECOND,
    readiness: settings.READINESS,
    /** In lower case, beside those that are always allowed. */
    allowedHosts: Object.freeze(
      settings.ALLOWED_HOSTS === undefined ? [] : checked(parseHostNames(settings.ALLOWED_HOSTS)),
    ),
    door: toDoorConfig(settings),
    callers: toCallerConfig(settings),
    database: Object.freeze(checked(parseDatabaseUrl(settings.DATABASE_URL))),
    /** Of PostgreSQL, read at each connection. */
    databasePasswordFile: settings.DATABASE_PASSWORD_FILE,
    /** Where AWS signs the password; undefined: it does not. */
    databaseRegion: settings.DATABASE_AUTH === 'aws-iam' ? settings.AWS_REGION : undefined,
    databaseRequireDurability: settings.DATABASE_REQUIRE_DURABILITY,
    migrationMode: settings.MIGRATIONS,
    acceptsStoreBehindTopic: settings.STORE_BEHIND_TOPIC === 'accept',
    publishTimeoutMs: settings.PUBLISH_TIMEOUT_MS,
    maxPendingEvents: settings.MAX_PENDING_EVENTS,
    maxStreamReaders: settings.MAX_STREAM_READERS,
    maxConnections: settings.MAX_CONNECTIONS,
    maxItemsPerOrder: settings.MAX_ITEMS_PER_ORDER,
    orderStatusPolicy: settings.ORDER_STATUS_POLICY,
    idempotencyRetentionMs: settings.IDEMPOTENCY_RETENTION_HOURS * MS_PER_HOUR,
    /** Undefined: only what a command line says. */
    retireAfterDays: settings.RETIRE_AFTER_DAYS,
    instanceLeaseMs: settings.INSTANCE_LEASE_MS,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    logLevel: settings.LOG_LEVEL,
    logFormat: settings.LOG_FORMAT,
  })
}

/** The schema asked the same parsers, so only a bug of ours makes this throw. */
function checked<T>(parsed: T | undefined): T {
  if (parsed === undefined) throw new TypeError('a setting passed the schema and cannot be parsed')
  return parsed
}
