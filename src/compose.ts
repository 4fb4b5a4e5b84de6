import { createHash } from 'node:crypto'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import packageJson from '../package.json' with { type: 'json' }
import { buildServer } from './api/server.ts'
import { Audit, type AuditReport, type StoredEvent } from './business/audit/audit.ts'
import { DependencyHealth } from './business/dependency-health.ts'
import type { ChangeDeps } from './business/order/begin-change.ts'
import { changeOrderStatus } from './business/order/change-order-status.ts'
import type { OrderCommands, OrderQueries } from './business/order/commands.ts'
import { createOrder } from './business/order/create-order.ts'
import { getOrder } from './business/order/get-order.ts'
import { getOrderEvent } from './business/order/get-order-event.ts'
import { listOrderEvents } from './business/order/list-order-events.ts'
import { listOrders, type ReadDeps } from './business/order/list-orders.ts'
import type { SchemaIdStore } from './business/ports.ts'
import { CommandDrain } from './business/command-drain.ts'
import { Publications } from './business/publication/confirm-publication.ts'
import { Lease } from './business/publication/lease.ts'
import { Ownership } from './business/publication/ownership.ts'
import { RetryKeySweep } from './business/retry-key-sweep.ts'
import { LiveFeed } from './business/stream/live-feed.ts'
import type { Config } from './config/config.ts'
import { describeEvents } from './service/event-contract.ts'
import { KafkaCluster } from './service/kafka/cluster.ts'
import { describeHeaders } from './service/kafka/event-headers.ts'
import { KafkaEventPublisher } from './service/kafka/event-publisher.ts'
import { readRanges, readRecords } from './service/kafka/topic-audit.ts'
import { createRegistryClient } from './service/schema-registry/client.ts'
import { createEventEncoder, listSubjectSchemas } from './service/schema-registry/event-encoder.ts'
import {
  createSchemaRegistration,
  type SchemaRegistration,
  type SubjectSchema,
} from './service/schema-registry/schema-registration.ts'
import type { BatchedStore } from './service/storage/batched-store.ts'
import { observeStore } from './service/storage/observed-store.ts'
import { readStoredEvents as readPostgresEvents } from './service/storage/postgres/event-reader.ts'
import { openPostgresStore } from './service/storage/postgres/store.ts'
import { MEMORY_PATH } from './service/storage/sqlite/connection.ts'
import { readStoredEvents as readSqliteEvents } from './service/storage/sqlite/event-reader.ts'
import { openSqliteStore } from './service/storage/sqlite/store.ts'
import { systemClock, systemIds, systemRandom } from './service/system.ts'

const LEASE_LOST =
  'another instance has taken over what was pending here, because the lease had run out; joining anew'

const NEVER = new AbortController().signal

/** Of the time to shut down, kept for closing connections, files and threads. */
const CLOSING_MS = 2_000

/** Added to the publish time-out: how long a client may take to send its request. */
const RECEIVE_TIMEOUT_MS = 10_000

export interface CartService {
  readonly server: FastifyInstance
  /**
   * Drains and closes, in reverse order of the start. What has no definite outcome by
   * SHUTDOWN_TIMEOUT_MS stays pending and is recovered by the next start. Idempotent.
   */
  close(): Promise<void>
}

export interface ComposeOptions {
  readonly config: Config
  readonly logger: FastifyBaseLogger
  /** Something showed after the start with which the service must not go on. */
  readonly onFatal: (error: Error) => void
}

/**
 * Builds the service and starts everything but listening. Kafka and the registry may be away; the
 * store must open. Rejects when it does not, or when the registry finds the schema incompatible.
 */
export async function composeCartService(options: ComposeOptions): Promise<CartService> {
  const { config, logger } = options
  const clock = systemClock
  await using resources = new AsyncDisposableStack()
  const health = new DependencyHealth(clock, (dependency, state) => {
    logger.info({ dependency, ...state }, 'dependency changed its state')
  })

  const opened = await openStore(config)
  const feed = new LiveFeed({ feed: opened, clock, publishTimeoutMs: config.publishTimeoutMs })
  const store = observeStore(opened, { health, clock, onSettled: () => feed.wake() })
  resources.defer(() => store.close())

  const subjects = listSubjectSchemas(config.kafkaTopic, config.kafkaKeyFormat)
  const registration = createRegistration(options, opened, subjects, health)
  resources.defer(() => registration.close())
  await registration.start()

  const { instanceLeaseMs: leaseMs } = config
  const lease = new Lease(clock, leaseMs)
  const publisher = createPublisher(config, health, lease)
  resources.defer(() => publisher.close())
  publisher.start()

  const publications = new Publications({ store, publisher, clock })
  resources.defer(() => publications.close())
  await store.probe()
  const ownership = new Ownership({
    store,
    publisher,
    publications,
    lease,
    leaseMs,
    clock,
    onLost: () => logger.warn(LEASE_LOST),
    onTakenOver: (count) => logger.info({ count }, 'events left pending are being recovered'),
  })
  resources.defer(() => ownership.close())
  await ownership.start()
  const sweep = new RetryKeySweep({
    retryKeys: store,
    clock,
    retentionMs: config.idempotencyRetentionMs,
  })
  resources.defer(() => sweep.close())
  sweep.start()

  const encoder = createEventEncoder({
    topic: config.kafkaTopic,
    keyFormat: config.kafkaKeyFormat,
    schemaIdOf: (subject) => registration.schemaIdOf(subject),
  })
  const drain = new CommandDrain()
  const deps: ChangeDeps = {
    store,
    retryKeys: store,
    publisher,
    publications,
    lease,
    encoder,
    clock,
    random: systemRandom,
    ids: systemIds,
    publishTimeoutMs: config.publishTimeoutMs,
    statusPolicy: config.orderStatusPolicy,
    isDraining: () => drain.isDraining,
  }
  const server = await buildServer({
    commands: createCommands(deps, drain),
    queries: createQueries({ ...deps, reader: store }),
    feed,
    clock,
    dependencyStates: () => health.states(),
    instanceState: () => ownership.state(),
    isDraining: () => drain.isDraining,
    areSchemaIdsKnown: () =>
      subjects.every(({ subject }) => registration.schemaIdOf(subject) !== undefined),
    eventContract: describeEvents(config.kafkaTopic, config.kafkaKeyFormat),
    settings: serverSettings(config),
    logger,
  })
  resources.defer(() => server.close())

  const owned = resources.move()
  let closing: Promise<void> | undefined
  return {
    server,
    close() {
      const drained = Math.max(0, config.shutdownTimeoutMs - CLOSING_MS)
      closing ??= drain.drain(clock, drained).then(() => owned.disposeAsync())
      // By now new ones are turned away. Those that were there come back elsewhere.
      feed.close()
      return closing
    },
  }
}

/** So much of a SHA-256 tells values apart, and those of a million events fit in memory. */
const DIGEST_BYTES = 16

function digestOf(value: Uint8Array): string {
  return createHash('sha256').update(value).digest().subarray(0, DIGEST_BYTES).toString('base64')
}

/** Compares the topic with the store. `onProgress` hears how many records of how many were read. */
export async function runAudit(
  config: Config,
  onProgress: (read: number, total: number) => void,
): Promise<AuditReport> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is seen by its process alone')
  }
  const cluster = createCluster(config)
  // In this order: what is on the topic by now is in the store by then.
  const ranges = await readRanges(cluster)
  const audit = new Audit(ranges, digestOf)
  for await (const event of readStoredEvents(database)) audit.addStored(event)
  const total = ranges.reduce((sum, { first, end }) => sum + end - first, 0)
  let read = 0
  await readRecords(cluster, ranges, audit, () => onProgress((read += 1), total), NEVER)
  return audit.report()
}

function createCluster(config: Config): KafkaCluster {
  return new KafkaCluster(config.kafkaClientId, config.kafkaTopic, config.kafkaBootstrapServers)
}

function openStore(config: Config): Promise<BatchedStore> {
  const { database } = config
  switch (database.kind) {
    case 'sqlite':
      return openSqliteStore({ path: database.path })
    case 'postgres':
      return openPostgresStore({
        url: database.url,
        database: database.name,
        leaseMs: config.instanceLeaseMs,
        mustBeDurable: config.databaseRequireDurability,
      })
  }
}

function readStoredEvents(
  database: Config['database'],
): Iterable<StoredEvent> | AsyncIterable<StoredEvent> {
  switch (database.kind) {
    case 'sqlite':
      return readSqliteEvents(database.path)
    case 'postgres':
      return readPostgresEvents({ url: database.url, database: database.name })
  }
}

function createRegistration(
  { config, logger, onFatal }: ComposeOptions,
  schemaIds: SchemaIdStore,
  subjects: readonly SubjectSchema[],
  health: DependencyHealth,
): SchemaRegistration {
  const client = createRegistryClient({
    baseUrl: config.schemaRegistryUrl,
    userInfo: config.schemaRegistryBasicAuthUserInfo,
    timeoutMs: config.schemaRegistryTimeoutMs,
    clock: systemClock,
  })
  return createSchemaRegistration({
    client,
    schemaIds,
    subjects,
    autoRegister: config.schemaRegistryAutoRegister,
    health,
    clock: systemClock,
    log: logger,
    onIncompatible: onFatal,
  })
}

function createPublisher(
  config: Config,
  health: DependencyHealth,
  lease: Lease,
): KafkaEventPublisher {
  return new KafkaEventPublisher({
    cluster: createCluster(config),
    topic: {
      partitionCount: config.kafkaTopicPartitions,
      replicationFactor: config.kafkaTopicReplicationFactor,
    },
    pendingEventsMax: config.maxPendingEvents,
    mayPublish: () => lease.isHeld,
    clock: systemClock,
    health,
  })
}

function createCommands(deps: ChangeDeps, drain: CommandDrain): OrderCommands {
  return {
    createOrder: (command) => drain.track(createOrder(deps, command)),
    changeOrderStatus: (command) => drain.track(changeOrderStatus(deps, command)),
  }
}

function createQueries(deps: ReadDeps & ChangeDeps): OrderQueries {
  return {
    getOrder: (orderId) => getOrder(deps, orderId),
    listOrders: (query) => listOrders(deps, query),
    listOrderEvents: (...args) => listOrderEvents(deps, ...args),
    getOrderEvent: (...args) => getOrderEvent({ ...deps, describeHeaders }, ...args),
  }
}

function serverSettings(config: Config) {
  return {
    maxItemsPerOrder: config.maxItemsPerOrder,
    streamReadersMax: config.maxStreamReaders,
    kafkaBootstrapServers: config.kafkaBootstrapServers
      .map(({ host, port }) => `${host}:${port}`)
      .join(','),
    schemaRegistryUrl: config.schemaRegistryUrl,
    version: packageJson.version,
    requestTimeoutMs: RECEIVE_TIMEOUT_MS,
  }
}
