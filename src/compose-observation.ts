/** What is observed of the service: counts and gauges for /metrics, and lines of the log, by those who know them. */
import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { FastifyBaseLogger } from 'fastify'
import packageJson from '../package.json' with { type: 'json' }
import { DependencyHealth } from './business/dependency-health.ts'
import { DependencyLog } from './business/dependency-log.ts'
import type { Measures } from './business/measures/measures.ts'
import type { Clock } from './business/ports.ts'
import type { Publications } from './business/publication/confirm-publication.ts'
import type { Lease } from './business/publication/lease.ts'
import type { OwnershipDeps } from './business/publication/ownership.ts'
import { listCredentialEnds, type CredentialSources } from './compose-credentials.ts'
import type { Config } from './config/config.ts'
import type { KafkaEventPublisher } from './service/kafka/event-publisher.ts'
import { createMetricsPage, type WriteMetrics } from './service/metrics/metrics-page.ts'

const LEASE_LOST =
  'another instance has taken over what was pending here, because the lease had run out; joining anew'

const HANDED_OVER =
  'a partition has made no progress for the length of a lease; its events are left to other instances'

interface MetricsParts extends CredentialSources {
  readonly measures: Measures
  readonly clock: Clock
  readonly publications: Publications
  readonly publisher: KafkaEventPublisher
  readonly lease: Lease
  readonly health: DependencyHealth
}

export function composeMetrics(config: Config, parts: MetricsParts): WriteMetrics {
  const { measures, clock, publications, publisher, lease, health } = parts
  return createMetricsPage(
    {
      measures,
      pendingTimes: () => publications.times,
      now: () => clock.now(),
      lanes: () => publisher.listLanes(),
      isLeaseHeld: () => lease.isHeld,
      dependencies: () => health.states(),
      credentials: () => listCredentialEnds(config, parts),
      build: { version: packageJson.version, store: config.database.kind },
    },
    clock,
  )
}

/**
 * What the process knows of its dependencies, and a line of the log for each change. It names no trace: a
 * request may have noticed the change, and the line is about none.
 */
export function watchDependencies(
  logger: FastifyBaseLogger,
  clock: Clock,
  resources: AsyncDisposableStack,
): DependencyHealth {
  const closing = new AbortController()
  const log = new DependencyLog({
    clock,
    signal: closing.signal,
    info: (fields, message) => context.with(ROOT_CONTEXT, () => logger.info(fields, message)),
    warn: (fields, message) => context.with(ROOT_CONTEXT, () => logger.warn(fields, message)),
  })
  const health = new DependencyHealth(clock, (dependency, state) => log.hear(dependency, state))
  const watching = log.watchStart(() => health.states())
  resources.defer(() => {
    closing.abort()
    return watching
  })
  return health
}

/** Of changes of ownership: a line of the log, and a count. */
export function hearOwnership(
  logger: FastifyBaseLogger,
  measures: Measures,
): Pick<OwnershipDeps, 'onLost' | 'onTakenOver' | 'onHandedOver'> {
  return {
    onLost: () => {
      measures.leaseLossCount += 1
      logger.warn(LEASE_LOST)
    },
    onTakenOver: (count) => {
      measures.takenOverEventCount += count
      logger.info({ count }, 'events left pending are being recovered')
    },
    onHandedOver: (partition, count) => {
      measures.handedOverEventCount += count
      logger.warn({ partition, count }, HANDED_OVER)
    },
  }
}
