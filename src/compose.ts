import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { buildServer } from './api/server.ts'
import { ChangeAdmission } from './business/admission/change-admission.ts'
import { askAgain } from './business/ask-again.ts'
import type { DependencyHealth } from './business/dependency-health.ts'
import { measureCommands } from './business/measures/measured-commands.ts'
import { measurePublisher } from './business/measures/measured-publisher.ts'
import { Measures } from './business/measures/measures.ts'
import type { ChangeDeps } from './business/order/change-deps.ts'
import { hasRoomForEvent } from './business/order/prepare-pending.ts'
import { createCommands, createQueries } from './business/order/use-cases.ts'
import type { SchemaIdStore } from './business/ports.ts'
import { CommandDrain } from './business/command-drain.ts'
import { Publications } from './business/publication/confirm-publication.ts'
import { Lease } from './business/publication/lease.ts'
import { Ownership } from './business/publication/ownership.ts'
import { RetryKeySweep } from './business/retry-key-sweep.ts'
import { LiveFeed } from './business/stream/live-feed.ts'
import { openCallerChecks } from './compose-callers.ts'
import {
  createCluster,
  createKeyFormatCheck,
  createRegistry,
  listWeaknesses,
} from './compose-clients.ts'
import { composeErasure } from './compose-erasure.ts'
import { composeOperations } from './compose-operations.ts'
import { composeServerSettings } from './compose-server.ts'
import { composeMetrics, hearOwnership, watchDependencies } from './compose-observation.ts'
import { createStoreGuard, openStore } from './compose-store.ts'
import { composeTracing } from './compose-tracing.ts'
import type { Config } from './config/config.ts'
import { describeEvents } from './service/event-contract.ts'
import { describeHeaders } from './service/kafka/event-headers.ts'
import { KafkaEventPublisher, type EventPublisherDeps } from './service/kafka/event-publisher.ts'
import { guardSession } from './service/kafka/guarded-session.ts'
import { createLaneSessions } from './service/kafka/lane/kafka-session.ts'
import { ensureTopic } from './service/kafka/topic-admin.ts'
import type { LaneSession } from './service/kafka/lane/session.ts'
import { measureProduce, measureSession } from './service/kafka/lane/measured-session.ts'
import { produce, type Produce } from './service/kafka/produce-request.ts'
import { createEventEncoder, listSubjectSchemas } from './service/schema-registry/event-encoder.ts'
import {
  createSchemaRegistration,
  type SchemaRegistration,
  type SubjectSchema,
} from './service/schema-registry/schema-registration.ts'
import { systemClock, systemIds, systemRandom } from './service/system.ts'

const SERVER_CHANGED =
  'a standby has taken over the database; it is compared with the topic before it is used'

const FRAMED_KEYS =
  'KAFKA_KEY_FORMAT is string, and others use framed Avro keys: their consumers may skip every event of this service; see docs/how-to/take-over.md'

const FRAMED_KEYS_UNKNOWN =
  'KAFKA_KEY_FORMAT is string, and it is not known whether others use framed Avro keys: ask by npx cart doctor, or see docs/how-to/take-over.md'

const LARGER_ORDERS =
  'the store may have orders of more items than MAX_ITEMS_PER_ORDER: fewer requests are let in at once, and pages of lists are shorter; see docs/how-to/run-in-production.md'

/** Of the time to shut down, kept for closing connections, files and threads. */
const CLOSING_MS = 2_000

export interface CartService {
  readonly server: FastifyInstance
  /**
   * Drains and closes, in reverse order of the start. What has no definite outcome by
   * SHUTDOWN_TIMEOUT_MS stays pending and is recovered by the next start. Idempotent.
   */
  close(): Promise<void>
  /** At once, after a bug: no request is answered and nothing is sent any more. */
  halt(): void
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
  const measures = new Measures()
  const traced = composeTracing(config.kafkaTopic)
  await using resources = new AsyncDisposableStack()
  const health = watchDependencies(logger, clock, resources)

  for (const weakness of listWeaknesses(config)) logger.warn(weakness)
  // Before anything is opened that others see: a file of keys with a fault in it ends the start.
  const callers = resources.use(await openCallerChecks(config, logger, health))
  const guard = createStoreGuard(options)
  const store = await openStore(config, {
    watch: { health, clock, measures, onSettled: () => feed.wake() },
    onServerChange: async (isFirst) => {
      if (isFirst) logger.warn(SERVER_CHANGED)
      await ownership.startAnew()
      await guard.passAll()
    },
  })
  resources.defer(() => store.close())
  const { publishTimeoutMs } = config
  const { size } = store
  if (size.itemsMax > config.maxItemsPerOrder) logger.warn({ items: size.itemsMax }, LARGER_ORDERS)
  const eventBytesMax = (): number => size.bytesMax
  const feed = new LiveFeed({ feed: store, clock, publishTimeoutMs, eventBytesMax })

  const subjects = listSubjectSchemas(config.kafkaTopic, config.kafkaKeyFormat)
  const registration = createRegistration(options, store, subjects, health)
  resources.defer(() => registration.close())
  await registration.start()

  const { instanceLeaseMs: leaseMs } = config
  const lease = new Lease(clock, leaseMs)
  const halting = new AbortController()
  // Before anything is recovered or answered; without Kafka it is done when a lane opens.
  await guard.passReadable()
  const publisher = createPublisher(config, health, {
    mayOpen: (partition) => guard.pass(partition),
    mayPublish: () => lease.isHeld && !halting.signal.aborted,
    produce: measureProduce(produce, measures),
    observe: (session, partition) => traced.session(measureSession(session, measures), partition),
    onSuspicion: () => {
      measures.contestedCount += 1
      ownership.suspectTakeOver()
    },
  })
  resources.defer(() => publisher.close())
  publisher.start()

  const publications = new Publications({
    store: traced.store(store),
    publisher: traced.publisher(measurePublisher(publisher, measures, clock)),
    clock,
    onSettled: (tookMs) => admission.noteSettled(tookMs),
    onBug: (error) => logger.error({ err: error }, 'an event cannot be recovered, by a bug'),
  })
  resources.defer(() => publications.close())
  const admission = new ChangeAdmission({
    clock,
    requestsMax: config.maxPendingEvents,
    orderBytesMax: eventBytesMax,
    waitingCount: () => publications.turns.waitingCount,
    inDoubtCount: () => publications.inDoubtCount,
    hasRoomForEvent: () => hasRoomForEvent(publications),
  })
  const sleep = (delayMs: number): Promise<void> => clock.sleep(delayMs)
  await askAgain(() => store.probe(), sleep)
  const ownership = new Ownership({
    store,
    holder: publisher,
    publications,
    lease,
    leaseMs,
    clock,
    ...hearOwnership(logger, measures),
  })
  resources.defer(() => ownership.close())
  await askAgain(() => ownership.start(), sleep)
  const sweep = new RetryKeySweep({
    retryKeys: store,
    clock,
    retentionMs: config.idempotencyRetentionMs,
  })
  resources.defer(() => sweep.close())
  sweep.start()
  const keyCheck = createKeyFormatCheck(config, {
    onFound: (evidence) => logger.warn({ evidence }, FRAMED_KEYS),
    onGivenUp: (reason) => logger.warn({ reason }, FRAMED_KEYS_UNKNOWN),
  })
  resources.defer(() => keyCheck.close())
  keyCheck.start()

  const encoder = createEventEncoder({
    topic: config.kafkaTopic,
    keyFormat: config.kafkaKeyFormat,
    schemaIdOf: (subject) => registration.schemaIdOf(subject),
  })
  const operations = composeOperations(config, store, publisher)
  resources.defer(() => operations.close())
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
    pendingEventsMax: config.maxPendingEvents,
    statusPolicy: config.orderStatusPolicy,
    isDraining: () => drain.isDraining,
  }
  const { keyEnds, forServer } = callers
  const { tls } = forServer
  const observed = { measures, clock, publications, publisher, lease, health, tls, keyEnds }
  const server = await buildServer({
    commands: traced.commands(measureCommands(createCommands(deps, drain), measures)),
    traceRequest: traced.request,
    queries: createQueries({ ...deps, reader: store, describeHeaders }),
    feed,
    itemsMax: () => size.itemsMax,
    operations,
    eraseOrder: traced.erasure(composeErasure(config, { ...deps, reader: store, measures }, drain)),
    changes: admission,
    clock,
    random: systemRandom,
    dependencyStates: () => health.states(),
    instanceState: () => ownership.state(),
    isDraining: () => drain.isDraining,
    areSchemaIdsKnown: () =>
      subjects.every(({ subject }) => registration.schemaIdOf(subject) !== undefined),
    ...forServer,
    eventContract: describeEvents(config.kafkaTopic, config.kafkaKeyFormat),
    measures,
    writeMetrics: composeMetrics(config, observed),
    settings: composeServerSettings(config, logger),
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
    halt() {
      halting.abort()
      server.server.close()
      server.server.closeAllConnections()
    },
  }
}

function createRegistration(
  { config, logger, onFatal }: ComposeOptions,
  schemaIds: SchemaIdStore,
  subjects: readonly SubjectSchema[],
  health: DependencyHealth,
): SchemaRegistration {
  return createSchemaRegistration({
    client: createRegistry(config),
    schemaIds,
    subjects,
    autoRegister: config.schemaRegistryAutoRegister,
    health,
    clock: systemClock,
    log: logger,
    onIncompatible: onFatal,
  })
}

interface PublisherRights extends Pick<EventPublisherDeps, 'mayPublish' | 'onSuspicion'> {
  readonly produce: Produce
  readonly observe: (session: LaneSession, partition: number) => LaneSession
  /** Rejects while the lane of this partition may not be opened. */
  readonly mayOpen: (partition: number) => Promise<void>
}

function createPublisher(
  config: Config,
  health: DependencyHealth,
  { produce: send, observe, mayOpen, ...rights }: PublisherRights,
): KafkaEventPublisher {
  const cluster = createCluster(config)
  const openSession = createLaneSessions(cluster, systemClock, send)
  const wanted = {
    partitionCount: config.kafkaTopicPartitions,
    replicationFactor: config.kafkaTopicReplicationFactor,
  }
  return new KafkaEventPublisher({
    topic: cluster.topic,
    askLayout: () => ensureTopic(cluster, wanted, systemClock),
    openSession: (partition, on) =>
      guardSession(observe(openSession(partition, on), partition), () => mayOpen(partition)),
    ...rights,
    clock: systemClock,
    health,
  })
}
