/**
 * What speaks with Kafka, the registry and the database by the settings: made here alone, for the
 * service (compose.ts) and for the tools of the command line.
 */

import type { Config } from './config/config.ts'
import { KafkaCluster } from './service/kafka/cluster.ts'
import { createRegistryClient, type RegistryClient } from './service/schema-registry/client.ts'
import { readStoredEvents as readPostgresEvents } from './service/storage/postgres/event-reader.ts'
import { inspectStore as inspectPostgresStore } from './service/storage/postgres/inspect.ts'
import { readStoredEvents as readSqliteEvents } from './service/storage/sqlite/event-reader.ts'
import { inspectStore as inspectSqliteStore } from './service/storage/sqlite/inspect.ts'
import type { StoredEvent, StoreFacts } from './service/storage/store-facts.ts'
import { systemClock } from './service/system.ts'

export function createCluster(config: Config): KafkaCluster {
  return new KafkaCluster(config.kafkaClientId, config.kafkaTopic, config.kafkaBootstrapServers)
}

export function createRegistry(config: Config): RegistryClient {
  return createRegistryClient({
    baseUrl: config.schemaRegistryUrl,
    userInfo: config.schemaRegistryBasicAuthUserInfo,
    timeoutMs: config.schemaRegistryTimeoutMs,
    clock: systemClock,
  })
}

/** All events as they are at one instant. Reads beside the service; rejects when it cannot. */
export function readStoredEvents({
  database,
}: Config): Iterable<StoredEvent> | AsyncIterable<StoredEvent> {
  switch (database.kind) {
    case 'sqlite':
      return readSqliteEvents(database.path)
    case 'postgres':
      return readPostgresEvents({ url: database.url, database: database.name })
  }
}

/** Reads beside the service; rejects where the service could not use the store. */
export async function inspectStore({
  database,
  databaseRequireDurability,
}: Config): Promise<StoreFacts> {
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
