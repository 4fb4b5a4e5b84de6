import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { DependencyStates } from '../../business/dependency-health.ts'
import type { InstanceState } from '../../business/publication/ownership.ts'
import { NO_WORK } from '../admission/admit-work.ts'
import { HOME_PAGE_CSP, renderHomePage } from '../home-page.ts'
import type { ProblemCode } from '../problems.ts'
import type { SiteFacts } from '../site-header.ts'
import {
  SERVICE_NAME,
  healthSchema,
  isHealthy,
  liveSchema,
  readinessSchema,
  serviceInfoSchema,
  toChecksJson,
  toInstanceJson,
} from '../schemas/service-json.ts'

/**
 * While one of these is down no change can succeed; while it is degraded, some can. The Schema
 * Registry is not one of them: once the schema ids are known the service works while the registry is
 * away, and taking it out of the load balancer would turn the registry's outage into one of the
 * service.
 */
const NEEDED_TO_BE_READY = ['kafka', 'storage'] as const

const DRAINING_REASON = 'the service is stopping and takes no new changes'

const LEASE_REASON = 'the store has not confirmed in time that this instance may publish'

const SERVICE_TAGS = ['Service']

const SERVICE_PROBLEMS: readonly ProblemCode[] = ['HEADERS_TOO_LARGE', 'INTERNAL']

export interface HealthDeps {
  readonly dependencyStates: () => DependencyStates
  readonly instanceState: () => InstanceState
  readonly isDraining: () => boolean
  /** The registry, now or in an earlier run, has told the ids that events are encoded with. */
  readonly areSchemaIdsKnown: () => boolean
  readonly readiness: ReadinessMeaning
}

/** `changes`: some change can succeed now. `answers`: whatever is asked gets a true answer. */
export type ReadinessMeaning = 'changes' | 'answers'

export interface ServiceInfo {
  readonly version: string
  readonly kafkaBootstrapServers: string
  readonly schemaRegistryUrl: string
}

export function withoutCredentials(url: string): string {
  const parsed = new URL(url)
  if (parsed.username === '' && parsed.password === '') return url
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

function whyNotReady(deps: HealthDeps): string | undefined {
  if (deps.isDraining()) return DRAINING_REASON
  // What cannot be done is answered 503 with its outcome: a balancer could not say that.
  if (deps.readiness === 'answers') return undefined
  const states = deps.dependencyStates()
  const needed = deps.areSchemaIdsKnown()
    ? NEEDED_TO_BE_READY
    : ([...NEEDED_TO_BE_READY, 'schemaRegistry'] as const)
  const reasons = needed
    .filter((name) => states[name].status === 'down')
    .map((name) => `${name} is down: ${states[name].reason ?? 'no reason given'}`)
  if (!deps.instanceState().isLeaseHeld) reasons.push(LEASE_REASON)
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

/** Browsers name it first. Programs that take anything get what they always got. */
function asksForPage(accept = ''): boolean {
  const [first = ''] = accept.split(/[,;]/u)
  return first.trim().toLowerCase() === 'text/html'
}

export function registerServiceInfoRoute(
  fastify: FastifyInstance,
  info: ServiceInfo & SiteFacts,
): void {
  const answer = {
    service: SERVICE_NAME,
    version: info.version,
    status: 'running',
    kafka_broker: info.kafkaBootstrapServers,
    schema_registry: withoutCredentials(info.schemaRegistryUrl),
  }
  const page = renderHomePage({
    ...info,
    kafka: info.kafkaBootstrapServers,
    registry: answer.schema_registry,
  })
  fastify.withTypeProvider<TypeBoxTypeProvider>().route({
    method: 'GET',
    url: '/',
    schema: {
      operationId: 'getService',
      summary: 'What runs here',
      description:
        'The version of the service and the addresses it is configured with. A browser, which ' +
        'prefers `text/html`, gets a page with links.',
      tags: SERVICE_TAGS,
      response: { 200: serviceInfoSchema },
    },
    config: { problemCodes: SERVICE_PROBLEMS, work: NO_WORK, access: 'known', page: 'console' },
    handler: async ({ headers }, reply) => {
      reply.header('vary', 'accept')
      if (!asksForPage(headers.accept)) return answer
      reply.header('content-security-policy', HOME_PAGE_CSP).type('text/html; charset=utf-8')
      // As bytes, which no schema turns into JSON.
      return reply.serializer(String).send(page as never)
    },
  })
}

export function registerHealthRoutes(fastify: FastifyInstance, deps: HealthDeps): void {
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()

  server.route({
    method: 'GET',
    url: '/health',
    schema: {
      operationId: 'getHealth',
      summary: 'Health of the service and its dependencies',
      description:
        '200 while the process lives, degraded or not; the body says what does not work.',
      tags: SERVICE_TAGS,
      response: { 200: healthSchema },
    },
    config: { problemCodes: SERVICE_PROBLEMS, work: NO_WORK, access: 'admin' },
    handler: async () => {
      const states = deps.dependencyStates()
      const status = isHealthy(states) ? ('healthy' as const) : ('degraded' as const)
      return {
        status,
        service: SERVICE_NAME,
        instance: toInstanceJson(deps.instanceState()),
        checks: toChecksJson(states),
      }
    },
  })

  server.route({
    method: 'GET',
    url: '/health/live',
    schema: {
      operationId: 'getLiveness',
      summary: 'Does the process live?',
      description: 'For a liveness probe: asks nothing of any dependency.',
      tags: SERVICE_TAGS,
      response: { 200: liveSchema },
    },
    config: { problemCodes: SERVICE_PROBLEMS, work: NO_WORK, access: 'open' },
    handler: async () => ({ status: 'alive' as const, service: SERVICE_NAME }),
  })

  server.route({
    method: 'GET',
    url: '/health/ready',
    schema: {
      operationId: 'getReadiness',
      summary: 'Can the service take changes?',
      description:
        'For a readiness probe: 503 while Kafka or the store is down, while no schema id is known, while the lease is not held, and once the service stops. With `READINESS=answers` only once it stops.',
      tags: SERVICE_TAGS,
      response: {
        200: readinessSchema('Changes are taken.', { status: 'ready', service: SERVICE_NAME }),
        503: readinessSchema('No change can succeed now.', {
          status: 'not-ready',
          service: SERVICE_NAME,
          reason: DRAINING_REASON,
        }),
      },
    },
    config: { problemCodes: SERVICE_PROBLEMS, work: NO_WORK, access: 'open' },
    handler: async (_request, reply) => {
      const states = deps.dependencyStates()
      const reason = whyNotReady(deps)
      const answer = { service: SERVICE_NAME, checks: toChecksJson(states) }
      if (reason === undefined) return { status: 'ready' as const, ...answer }
      return reply.code(503).send({ status: 'not-ready', reason, ...answer })
    },
  })
}
