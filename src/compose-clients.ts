/**
 * Clients of Kafka, the registry and the database by the settings: made here alone, for the
 * service (compose.ts) and for the tools of the command line.
 */

import type { Config } from './config/config.ts'
import { isLoopback } from './config/loopback.ts'
import type { PendingEvent, PublishedEvent } from './models/order-event.ts'
import { BrokerAccess } from './service/kafka/broker-access.ts'
import { KafkaCluster } from './service/kafka/cluster.ts'
import {
  askForFramedKeys,
  askForKeySubject,
  KeyFormatCheck,
  type KeyFormatCheckDeps,
} from './service/key-format-check.ts'
import { fetchRdsToken } from './service/credentials/rds-token.ts'
import { TokenCache } from './service/credentials/token-cache.ts'
import { createRegistryClient, type RegistryClient } from './service/schema-registry/client.ts'
import { readStoredEvents as readPostgresEvents } from './service/storage/postgres/event-reader.ts'
import * as postgres from './service/storage/postgres/inspect.ts'
import * as postgresKnown from './service/storage/postgres/known-events.ts'
import { MEMORY_PATH } from './service/storage/sqlite/connection.ts'
import { readStoredEvents as readSqliteEvents } from './service/storage/sqlite/event-reader.ts'
import { readPublishedEvents as readPostgresPublished } from './service/storage/postgres/published-reader.ts'
import { readPublishedEvents as readSqlitePublished } from './service/storage/sqlite/published-reader.ts'
import { openRetirement as openPostgresRetirement } from './service/storage/postgres/retire-orders.ts'
import { openRetirement as openSqliteRetirement } from './service/storage/sqlite/retire-orders.ts'
import type { OrderRetirement } from './service/storage/store-retirement.ts'
import { openImport as openPostgresImport } from './service/storage/postgres/import-events.ts'
import { openImport as openSqliteImport } from './service/storage/sqlite/import-events.ts'
import type { StoreImport } from './service/storage/store-import.ts'
import * as sqlite from './service/storage/sqlite/inspect.ts'
import type { Migration, MigrationMode } from './service/storage/migrations.ts'
import { migrateDatabase } from './service/storage/postgres/store.ts'
import { migrateFile } from './service/storage/sqlite/store.ts'
import * as sqliteKnown from './service/storage/sqlite/known-events.ts'
import type { StoredEvent, StoredInstance, StoreFacts } from './service/storage/store-facts.ts'
import type { KnownEvents } from './service/store-guard.ts'
import { systemClock } from './service/system.ts'

const SENT_IN_PLAIN_TEXT =
  'KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT: whoever sees the network sees the credential; set SASL_SSL'

const ANY_NAME =
  'KAFKA_SSL_VERIFY is ca: whoever has a certificate of the authority is believed to be a broker; set KAFKA_SSL_SERVER_NAME instead'

const SHOWN_TO_REGISTRY =
  'SCHEMA_REGISTRY_URL is http://: whoever sees the network sees the credential; use https://'

/** What is allowed by the settings, and should be known to whoever starts the service. */
export function listWeaknesses(config: Config): readonly string[] {
  const { protocol, tls } = config.kafkaSecurity
  const registry = new URL(config.schemaRegistryUrl)
  const isShown = registry.protocol === 'http:' && !isLoopback(registry.hostname)
  return [
    ...(protocol === 'SASL_PLAINTEXT' ? [SENT_IN_PLAIN_TEXT] : []),
    ...(tls?.verifies === 'ca' ? [ANY_NAME] : []),
    ...(isShown && config.schemaRegistryAuth.kind !== 'none' ? [SHOWN_TO_REGISTRY] : []),
  ]
}

/** One for all clusters of the settings: a refused password is not to be tried by each of them. */
const accesses = new WeakMap<Config, BrokerAccess>()

/** Of the service's own topic where no other one is named. */
export function createCluster(config: Config, topic = config.kafkaTopic): KafkaCluster {
  const access = accesses.get(config) ?? new BrokerAccess(config.kafkaSecurity)
  accesses.set(config, access)
  const { kafkaClientId, kafkaBootstrapServers } = config
  return new KafkaCluster(kafkaClientId, topic, kafkaBootstrapServers, access)
}

export function createRegistry(config: Config): RegistryClient {
  return createRegistryClient({
    baseUrl: config.schemaRegistryUrl,
    auth: config.schemaRegistryAuth,
    tls: config.schemaRegistryTls,
    timeoutMs: config.schemaRegistryTimeoutMs,
    clock: systemClock,
  })
}

/** With a registry client of its own. Framed keys of the service itself are nothing to warn of. */
export function createKeyFormatCheck(
  config: Config,
  on: Pick<KeyFormatCheckDeps, 'onFound' | 'onGivenUp'>,
): KeyFormatCheck {
  const client = createRegistry(config)
  const questions = [
    askForKeySubject(client, config.kafkaTopic),
    askForFramedKeys(createCluster(config)),
  ]
  return new KeyFormatCheck({
    questions: config.kafkaKeyFormat === 'string' ? questions : [],
    clock: systemClock,
    ...on,
    onClose: () => client.close(),
  })
}

/** All events as they are at one instant. Reads beside the service; rejects when it cannot. */
export function readStoredEvents(
  config: Config,
): Iterable<StoredEvent> | AsyncIterable<StoredEvent> {
  const { database } = config
  switch (database.kind) {
    case 'sqlite':
      return readSqliteEvents(database.path)
    case 'postgres':
      return readPostgresEvents(postgresAddress(config))
  }
}

/** All settled events in the order of their settling. Reads beside the service; rejects when it cannot. */
export function readPublishedEvents(
  config: Config,
): Iterable<PublishedEvent> | AsyncIterable<PublishedEvent> {
  const { database } = config
  return database.kind === 'sqlite'
    ? readSqlitePublished(database.path)
    : readPostgresPublished(postgresAddress(config))
}

/** Reads beside the service; rejects where the service could not use the store. */
export async function inspectStore(config: Config): Promise<StoreFacts> {
  const { database } = config
  switch (database.kind) {
    case 'sqlite':
      return sqlite.inspectStore(database.path)
    case 'postgres':
      return postgres.inspectStore({
        ...postgresAddress(config),
        mustBeDurable: config.databaseRequireDurability,
      })
  }
}

/** Applies what the store lacks, or only looks for it; resolves with what was missing. */
export async function migrateStore(
  config: Config,
  migrationMode: MigrationMode,
): Promise<readonly Migration[]> {
  const { database, databaseRequireDurability: mustBeDurable } = config
  switch (database.kind) {
    case 'sqlite':
      return migrateFile(database.path, migrationMode)
    case 'postgres':
      return migrateDatabase({ ...postgresAddress(config), mustBeDurable, migrationMode })
  }
}

/** A store that no service uses, to be completed from the topic. Rejects where one does, or it cannot be used. */
export function openImport(config: Config): Promise<StoreImport> {
  const { database, databaseRequireDurability: mustBeDurable } = config
  return database.kind === 'sqlite'
    ? openSqliteImport(database.path)
    : openPostgresImport({ ...postgresAddress(config), mustBeDurable })
}

/** The ids of all retired orders: their events are on the topic, and not in the store any more. */
export async function listRetired(config: Config): Promise<ReadonlySet<string>> {
  const { database } = config
  return database.kind === 'sqlite'
    ? sqliteKnown.listRetired(database.path)
    : postgresKnown.listRetired(postgresAddress(config))
}

/** Beside the services that use the store. */
export function openRetirement(config: Config): Promise<OrderRetirement> {
  const { database, databaseRequireDurability: mustBeDurable } = config
  return database.kind === 'sqlite'
    ? openSqliteRetirement(database.path)
    : openPostgresRetirement({ ...postgresAddress(config), mustBeDurable })
}

/** More than this are not read; far more would not fit in memory. */
const PENDING_READ_MAX = 10_000

/** The oldest pending events, whoever owns them. Reads beside the service; rejects when it cannot. */
export async function listPendingEvents(config: Config): Promise<PendingEvent[]> {
  const { database } = config
  switch (database.kind) {
    case 'sqlite':
      return sqlite.listPendingEvents(database.path, PENDING_READ_MAX)
    case 'postgres':
      return postgres.listPendingEvents(postgresAddress(config), PENDING_READ_MAX)
  }
}

/** Those that nobody has taken over from. Reads beside the service; rejects when it cannot. */
export async function listInstances(config: Config): Promise<StoredInstance[]> {
  const { database } = config
  switch (database.kind) {
    case 'sqlite':
      return sqlite.listInstances(database.path)
    case 'postgres':
      return postgres.listInstances(postgresAddress(config))
  }
}

/** Of a store that has no events. */
export function knowsNothing(name: string): KnownEvents {
  return {
    name,
    latestOffsets: async () => new Map(),
    findUnknown: async (events) => events,
  }
}

/** What the store knows of events, read beside the service. One in memory knew nothing at its start. */
export function createKnownEvents(config: Config): KnownEvents {
  const { database } = config
  switch (database.kind) {
    case 'sqlite': {
      const { path } = database
      if (path === MEMORY_PATH) return knowsNothing('in memory')
      return {
        name: `SQLite, ${path}`,
        latestOffsets: async (topic) => sqliteKnown.latestOffsets(path, topic),
        findUnknown: async (events) => sqliteKnown.findUnknown(path, events),
      }
    }
    case 'postgres': {
      const address = postgresAddress(config)
      return {
        name: `PostgreSQL, ${address.database}`,
        latestOffsets: (topic) => postgresKnown.latestOffsets(address, topic),
        findUnknown: (events) => postgresKnown.findUnknown(address, events),
      }
    }
  }
}

/** One for all that read the database of the settings: else each would have AWS sign anew. */
const databaseTokens = new WeakMap<Config, TokenCache>()

/** Of a database that is one of PostgreSQL. */
export function postgresAddress(config: Config) {
  const { database, databasePasswordFile: passwordFile, databaseRegion: region } = config
  if (database.kind !== 'postgres') throw new TypeError('this is no database of PostgreSQL')
  const { url, name } = database
  if (region === undefined) return { url, passwordFile, database: name }
  const tokens = databaseTokens.get(config) ?? new TokenCache(() => fetchRdsToken(url, region))
  databaseTokens.set(config, tokens)
  let shown = ''
  return {
    url,
    signPassword: async () => (shown = await tokens.token()),
    noteRefused: () => tokens.drop(shown),
    database: name,
  }
}
