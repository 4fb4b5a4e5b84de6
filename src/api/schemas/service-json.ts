import { Type, type Static } from 'typebox'
import {
  DEPENDENCIES,
  type DependencyState,
  type DependencyStates,
} from '../../business/dependency-health.ts'

export const SERVICE_NAME = 'CartService'

const EXAMPLE_SINCE = '2026-01-31T12:00:00.000Z'

const EXAMPLE_CHECKS = {
  kafka: { status: 'up', since: EXAMPLE_SINCE },
  schemaRegistry: { status: 'down', since: EXAMPLE_SINCE, reason: 'connection refused' },
  storage: { status: 'up', since: EXAMPLE_SINCE },
}

function oneOf<const Values extends readonly string[]>(values: Values) {
  return Type.Unsafe<Values[number]>(Type.String({ enum: [...values] }))
}

const checkSchema = Type.Object({
  status: oneOf(['up', 'down']),
  since: Type.String({ description: 'When it came into this state: ISO 8601, UTC, with Z.' }),
  reason: Type.Optional(Type.String({ description: 'What is wrong, while it is down.' })),
})

const checksSchema = Type.Object({
  kafka: checkSchema,
  schemaRegistry: checkSchema,
  storage: checkSchema,
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
    checks: checksSchema,
  },
  {
    description: 'The process lives; degraded means that a dependency is down.',
    examples: [{ status: 'degraded', service: SERVICE_NAME, checks: EXAMPLE_CHECKS }],
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
  }
}

export function isHealthy(states: DependencyStates): boolean {
  return DEPENDENCIES.every((dependency) => states[dependency].status === 'up')
}
