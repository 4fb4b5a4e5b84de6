import { Type, type Static, type TSchema } from 'typebox'
import type {
  InstanceReport,
  PublicationReport,
  ShownSetting,
} from '../../business/operations/operations.ts'
import { TOOLS, type Tool, type ToolRun } from '../../business/operations/tool-runs.ts'
import { ORDER_STATUSES, type OrderStatus } from '../../models/order.ts'
import { idPrefix } from './list-requests.ts'
import { NO_OTHERS, ruled } from './rule.ts'

/** What operators are shown, as JSON. */

const nullableText = Type.Union([Type.String(), Type.Null()])

const settingSchema = Type.Object({
  name: Type.String({ description: 'Of the environment variable.' }),
  value: Type.Union([Type.String(), Type.Null()], {
    description: 'Without secrets; null: unset, and without a default.',
  }),
  source: Type.String({ enum: ['environment', '.env', 'default', 'unset'] }),
})

const laneSchema = Type.Object({
  partition: Type.Integer(),
  trouble: Type.Union([Type.String(), Type.Null()], {
    description: 'Why it takes no event now; null while it does.',
  }),
  parkedCount: Type.Integer({ description: 'Events that the topic does not take, each alone.' }),
})

const instanceSchema = Type.Object({
  instanceId: Type.String(),
  leaseUntil: Type.Union([Type.String(), Type.Null()], {
    description: "By the store's clock; null where the store belongs to one process.",
  }),
  joinedAt: nullableText,
  isThisOne: Type.Boolean({ description: 'It is the one that answers.' }),
})

const pendingSchema = Type.Object({
  orderId: Type.String(),
  version: Type.Integer(),
  eventId: Type.String(),
  time: Type.String(),
  partition: Type.Integer(),
  state: Type.String({ enum: ['parked', 'blocked', 'under-way'] }),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'Why it is not on the topic, where that is known to this instance.',
  }),
})

const runSchema = Type.Object({
  tool: Type.String({ enum: [...TOOLS] }),
  state: Type.String({ enum: ['running', 'done', 'failed'] }),
  startedAt: Type.String(),
  endedAt: nullableText,
  topic: nullableText,
  since: nullableText,
  key: nullableText,
  status: nullableText,
  progress: Type.Union([Type.String(), Type.Null()], { description: 'What it said last.' }),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Why there is no result.' }),
  result: Type.Unknown({ description: 'What the tool prints with --json; absent without one.' }),
})

function answer<Data extends TSchema>(description: string, data: Data, example: Static<Data>) {
  const whole = { success: true, message: 'found', data: example }
  return Type.Object(
    { success: Type.Literal(true), message: Type.String(), data },
    { description, examples: [whole] },
  )
}

const EXAMPLE_TIME = '2026-01-31T12:00:00.000Z'

const EXAMPLE_RUN = {
  tool: 'doctor',
  state: 'done',
  startedAt: EXAMPLE_TIME,
  endedAt: '2026-01-31T12:00:02.500Z',
  topic: null,
  since: null,
  key: null,
  status: null,
  progress: null,
  problem: null,
  result: { ok: true, findings: [{ check: 'kafka', verdict: 'ok', detail: 'answers; 1 broker' }] },
}

export const settingsAnswer = answer('All settings.', Type.Array(settingSchema), [
  { name: 'KAFKA_TOPIC', value: 'order-events', source: 'default' },
])

export const publicationAnswer = answer(
  'What is pending, and why.',
  Type.Object({
    topic: Type.String(),
    lanes: Type.Array(laneSchema),
    instances: Type.Array(instanceSchema),
    pending: Type.Array(pendingSchema),
    hasMore: Type.Boolean({ description: 'There are more than are listed.' }),
  }),
  {
    topic: 'order-events',
    lanes: [{ partition: 0, trouble: null, parkedCount: 0 }],
    instances: [
      {
        instanceId: '3f1c2a52-9d6e-4a3a-8f0c-5d1f8a7b6c4e',
        leaseUntil: '2026-01-31T12:00:15.000Z',
        joinedAt: EXAMPLE_TIME,
        isThisOne: true,
      },
    ],
    pending: [
      {
        orderId: 'ORD-1',
        version: 1,
        eventId: '01991f3c-5d3e-7c2b-9a4f-2f6d1c0b8e7a',
        time: EXAMPLE_TIME,
        partition: 0,
        state: 'under-way',
        reason: null,
      },
    ],
    hasMore: false,
  },
)

export const runsAnswer = answer('The last run of each tool.', Type.Array(runSchema), [EXAMPLE_RUN])

export const runAnswer = answer('It has begun.', runSchema, {
  ...EXAMPLE_RUN,
  state: 'running',
  endedAt: null,
  result: null,
})

export const SINCE_CHOICES = ['10m', '1h', '24h', '7d'] as const

/** Kafka's rule for the names of topics. */
const TOPIC_LENGTH_MAX = 249

/**
 * A look at a topic may be at one that is named after that of the orders, as dead letters are: nobody is
 * to read what is none of the orders' business.
 */
export function startRunRequest(ordersTopic: string) {
  return Type.Object(
    {
      tool: Type.Unsafe<Tool>(
        Type.String({
          ...ruled('Which tool.', `must be one of ${TOOLS.join(', ')}`),
          enum: [...TOOLS],
        }),
      ),
      topic: Type.Optional(
        Type.String({
          ...ruled(
            'Of read-topic: its name contains that of the topic of the orders.',
            `must be the name of a topic that contains ${ordersTopic}`,
          ),
          maxLength: TOPIC_LENGTH_MAX,
          pattern: String.raw`^[\w.\-]*${ordersTopic.replaceAll('.', String.raw`\.`)}[\w.\-]*$`,
        }),
      ),
      since: Type.Optional(
        Type.Unsafe<(typeof SINCE_CHOICES)[number]>(
          Type.String({
            ...ruled(
              'Of read-topic: how long ago to begin; absent: at the beginning.',
              `must be one of ${SINCE_CHOICES.join(', ')}`,
            ),
            enum: [...SINCE_CHOICES],
          }),
        ),
      ),
      key: Type.Optional(
        idPrefix('Of read-topic: only records whose keys begin with exactly this.'),
      ),
      status: Type.Optional(
        Type.Unsafe<OrderStatus>(
          Type.String({
            ...ruled(
              'Of read-topic: only events that bring an order into this status.',
              `must be one of ${ORDER_STATUSES.join(', ')}`,
            ),
            enum: [...ORDER_STATUSES],
          }),
        ),
      ),
    },
    { ...NO_OTHERS, examples: [{ tool: 'doctor' }] },
  )
}

export function toSettingJson({ name, value, source }: ShownSetting): Static<typeof settingSchema> {
  return { name, value: value ?? null, source }
}

function toInstanceJson(instance: InstanceReport): Static<typeof instanceSchema> {
  const { instanceId, leaseUntil = null, joinedAt = null, isThisOne } = instance
  return { instanceId, leaseUntil, joinedAt, isThisOne }
}

export function toPublicationJson(report: PublicationReport) {
  const { topic, lanes, instances, pending, hasMore } = report
  return {
    topic,
    lanes: lanes.map(({ partition, trouble = null, parked }) => ({
      partition,
      trouble,
      parkedCount: parked.length,
    })),
    instances: instances.map(toInstanceJson),
    pending: pending.map(({ reason = null, ...facts }) => ({ ...facts, reason })),
    hasMore,
  }
}

export function toRunJson(run: ToolRun): Static<typeof runSchema> {
  const { tool, state, startedAt, endedAt, progress, problem, result } = run
  const { topic, since, key, status } = run
  return {
    tool,
    state,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    topic: topic ?? null,
    since: since ?? null,
    key: key ?? null,
    status: status ?? null,
    progress: progress ?? null,
    problem: problem ?? null,
    result: result ?? null,
  }
}
