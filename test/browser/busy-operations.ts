import type { Operations } from '../../src/business/operations/operations.ts'
import { createFakeOperations, SINCE } from '../api/harness.ts'

/** Operations with all that they can have to say. */

const AT = SINCE.toISOString()

const FINDINGS = [
  { check: 'Kafka', verdict: 'ok', detail: 'answers in 3 ms' },
  {
    check: 'Topic',
    verdict: 'warning',
    detail: 'one replica',
    action: 'Add replicas',
    command: 'kafka-reassign-partitions.sh',
  },
  { check: 'Registry', verdict: 'problem', detail: 'does not answer' },
  { check: 'Database', verdict: 'skipped', detail: 'not asked' },
]

const AUDIT = {
  agrees: false,
  storedCount: 10,
  pendingCount: 1,
  topicCount: 9,
  expiredCount: 0,
  differenceCount: 1,
  differences: [
    {
      kind: 'missing-on-topic',
      orderId: 'ORD-1',
      version: 1,
      eventId: 'event-1',
      position: { partition: 0, offset: 7 },
    },
  ],
  tooLarge: [],
}

const RECORDS = [
  {
    key: 'ORD-1',
    partition: 0,
    offset: 7,
    timestamp: AT,
    headers: { ce_type: 'com.ecommerce.order.created', ce_sequence: '0000000001' },
    schemaId: 1,
    value: { orderId: 'ORD-1', status: 'pending' },
  },
  {
    key: null,
    partition: 0,
    offset: 8,
    timestamp: null,
    headers: {},
    problem: { reason: 'the value has no framing', hexPrefix: '7b 7d' },
  },
]

function done(tool: 'doctor' | 'audit' | 'read-topic', result: unknown) {
  return { tool, state: 'done', startedAt: SINCE, endedAt: SINCE, result } as const
}

export function createBusyOperations(): Operations {
  const event = { orderId: 'ORD-1', version: 2, eventId: 'event-2', time: AT, partition: 0 }
  return createFakeOperations({
    settings: [
      { name: 'KAFKA_TOPIC', value: 'order-events', source: 'default' },
      { name: 'API_PORT', value: '9000', source: 'environment' },
    ],
    readPublication: () =>
      Promise.resolve({
        topic: 'order-events',
        lanes: [{ partition: 0, trouble: 'no leader', parked: [] }],
        instances: [{ instanceId: 'one', leaseUntil: AT, joinedAt: AT, isThisOne: true }],
        pending: [
          { ...event, state: 'parked', reason: 'larger than the topic allows' },
          { ...event, orderId: 'ORD-2', state: 'blocked', reason: 'no leader' },
          { ...event, orderId: 'ORD-3', state: 'under-way' },
        ],
        hasMore: true,
      }),
    listRuns: () => [
      done('doctor', { findings: FINDINGS }),
      done('audit', AUDIT),
      done('read-topic', { records: RECORDS }),
    ],
  })
}
