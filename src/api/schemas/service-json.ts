import { Type, type Static } from 'typebox'
import type { DependencyState, DependencyStates } from '../../business/dependency-health.ts'
import type { InstanceState } from '../../business/publication/ownership.ts'

export const SERVICE_NAME = 'CartService'

const EXAMPLE_SINCE = '2026-01-31T12:00:00.000Z'

const EXAMPLE_CHECKS = {
  kafka: { status: 'up', since: EXAMPLE_SINCE },
  schemaRegistry: { status: 'down', since: EXAMPLE_SINCE, reason: 'connection refused' },
  storage: { status: 'up', since: EXAMPLE_SINCE },
}

const EXAMPLE_INSTANCE = {
  id: '3f1c2a52-9d6e-4a3a-8f0c-5d1f8a7b6c4e',
  lease: 'held',
  pendingEvents: 0,
}

function oneOf<const Values extends readonly string[]>(values: Values) {
  return Type.Unsafe<Values[number]>(Type.String({ enum: [...values] }))
}

const checkSchema = Type.Object({
  status: oneOf(['up', 'degraded', 'down']),
  since: Type.String({ description: 'When it came into this state: ISO 8601, UTC, with Z.' }),
  reason: Type.Optional(Type.String({ description: 'What is wrong, while it is not up.' })),
})

const checksSchema = Type.Object({
  kafka: checkSchema,
  schemaRegistry: checkSchema,
  storage: checkSchema,
  identityProvider: Type.Optional(checkSchema),
})

const instanceSchema = Type.Object({
  id: Type.String({ description: 'Another one after each start.' }),
  lease: oneOf(['held', 'run-out']),
  pendingEvents: Type.Integer({
    description: 'Changes that this instance has stored and not yet settled.',
  }),
})

export const serviceInfoSchema = Type.Object(
  {
    service: Type.String(),
    version: Type.String(),
    status: Type.String(),
    kafka_broker: Type.String({ description: 'The configured bootstrap servers.' }),
    schema_registry: Type.String({ description: 'The configured URL, without credentials.' }),
  },
  {
    description: 'What runs here, and what it talks to.',
    examples: [
      {
        service: SERVICE_NAME,
        version: '1.0.0',
        status: 'running',
        kafka_broker: 'localhost:9092',
        schema_registry: 'http://localhost:8081',
      },
    ],
  },
)

export const healthSchema = Type.Object(
  {
    status: oneOf(['healthy', 'degraded']),
    service: Type.String(),
    instance: instanceSchema,
    checks: checksSchema,
  },
  {
    description:
      'The process lives; degraded means that a dependency is not up: the check says what does not work. An instance whose lease has ' +
      'run out takes no changes until the store renews it.',
    examples: [
      {
        status: 'degraded',
        service: SERVICE_NAME,
        instance: EXAMPLE_INSTANCE,
        checks: EXAMPLE_CHECKS,
      },
    ],
  },
)

export const liveSchema = Type.Object(
  { status: oneOf(['alive']), service: Type.String() },
  {
    description: 'The process lives.',
    examples: [{ status: 'alive', service: SERVICE_NAME }],
  },
)

export function readinessSchema(description: string, example: Readiness) {
  return Type.Object(
    {
      status: oneOf(['ready', 'not-ready']),
      service: Type.String(),
      reason: Type.Optional(Type.String({ description: 'Why it is not ready.' })),
      checks: checksSchema,
    },
    { description, examples: [{ ...example, checks: EXAMPLE_CHECKS }] },
  )
}

interface Readiness {
  readonly status: 'ready' | 'not-ready'
  readonly service: string
  readonly reason?: string
}

type CheckJson = Static<typeof checkSchema>

function toCheckJson({ status, since, reason }: DependencyState): CheckJson {
  return { status, since: since.toISOString(), ...(reason !== undefined && { reason }) }
}

export function toChecksJson(states: DependencyStates): Static<typeof checksSchema> {
  return {
    kafka: toCheckJson(states.kafka),
    schemaRegistry: toCheckJson(states.schemaRegistry),
    storage: toCheckJson(states.storage),
    ...(states.identityProvider && { identityProvider: toCheckJson(states.identityProvider) }),
  }
}

export function toInstanceJson(state: InstanceState): Static<typeof instanceSchema> {
  return {
    id: state.instanceId,
    lease: state.isLeaseHeld ? 'held' : 'run-out',
    pendingEvents: state.pendingEventCount,
  }
}

export function isHealthy(states: DependencyStates): boolean {
  return Object.values(states).every(({ status }) => status === 'up')
}
