import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolAtWork } from '../../src/business/refusals.ts'
import { createFakeOperations, SINCE, startTestServer } from './harness.ts'

const RUNS = '/api/operations/runs'

function post(payload: object) {
  return { method: 'POST', url: RUNS, payload } as const
}

test('shows the settings, the unset ones too', async (t) => {
  const operations = createFakeOperations({
    settings: [
      { name: 'KAFKA_TOPIC', value: 'orders', source: 'environment' },
      { name: 'ALLOWED_HOSTS', value: undefined, source: 'unset' },
    ],
  })
  const { server } = await startTestServer(t, { operations })
  const response = await server.inject('/api/operations/settings')
  assert.deepEqual(response.json(), {
    success: true,
    message: 'settings',
    data: [
      { name: 'KAFKA_TOPIC', value: 'orders', source: 'environment' },
      { name: 'ALLOWED_HOSTS', value: null, source: 'unset' },
    ],
  })
})

test('shows what is pending with the reason, the partitions and the instances', async (t) => {
  const event = { orderId: 'ORD-1', version: 2, eventId: 'id', time: SINCE.toISOString() }
  const operations = createFakeOperations({
    readPublication: async () => ({
      topic: 'orders',
      lanes: [
        { partition: 0, trouble: 'no leader', parked: [{ eventId: 'id', refusal: 'large' }] },
      ],
      instances: [
        { instanceId: 'one', leaseUntil: undefined, joinedAt: undefined, isThisOne: true },
      ],
      pending: [
        { ...event, partition: 0, state: 'parked', reason: 'large' },
        { ...event, partition: 1, state: 'under-way' },
      ],
      hasMore: true,
    }),
  })
  const { server } = await startTestServer(t, { operations })
  const response = await server.inject('/api/operations/publication')
  assert.deepEqual(response.json().data, {
    topic: 'orders',
    lanes: [{ partition: 0, trouble: 'no leader', parkedCount: 1 }],
    instances: [{ instanceId: 'one', leaseUntil: null, joinedAt: null, isThisOne: true }],
    pending: [
      { ...event, partition: 0, state: 'parked', reason: 'large' },
      { ...event, partition: 1, state: 'under-way', reason: null },
    ],
    hasMore: true,
  })
})

test('starts a tool and shows its runs', async (t) => {
  const result = { ok: true, findings: [{ check: 'kafka', verdict: 'ok' }] }
  const operations = createFakeOperations({
    listRuns: () => [{ tool: 'doctor', state: 'done', startedAt: SINCE, endedAt: SINCE, result }],
  })
  const { server } = await startTestServer(t, { operations })
  const started = await server.inject(post({ tool: 'read-topic', since: '1h' }))
  assert.equal(started.statusCode, 202)
  const { tool, state, topic, since } = started.json().data
  assert.deepEqual([tool, state, topic, since], ['read-topic', 'running', 'order-events', '1h'])
  const { data } = (await server.inject(RUNS)).json()
  assert.deepEqual([data[0].state, data[0].result, data[0].problem], ['done', result, null])
})

test('a topic is read by key and status, and the other tools are not told of them', async (t) => {
  const requests: object[] = []
  const operations = createFakeOperations({
    startRun(request) {
      requests.push(request)
      return { ...request, state: 'running', startedAt: SINCE }
    },
  })
  const { server } = await startTestServer(t, { operations })
  const asked = { since: '24h', key: '--json', status: 'shipped' }
  const { data } = (await server.inject(post({ tool: 'read-topic', ...asked }))).json()
  assert.deepEqual([data.since, data.key, data.status], ['24h', '--json', 'shipped'])
  await server.inject(post({ tool: 'audit', ...asked }))
  assert.deepEqual(requests, [
    { tool: 'read-topic', topic: 'order-events', ...asked },
    { tool: 'audit' },
  ])
})

test('a topic that is none of the orders is not read, nor is a tool run that there is not', async (t) => {
  const { server } = await startTestServer(t)
  for (const [body, field] of [
    [{ tool: 'read-topic', topic: 'payroll' }, 'topic'],
    [{ tool: 'read-topic', topic: 'order-events x' }, 'topic'],
    [{ tool: 'read-topic', since: '--json' }, 'since'],
    [{ tool: 'read-topic', key: '' }, 'key'],
    [{ tool: 'read-topic', key: 'a\u0000b' }, 'key'],
    [{ tool: 'read-topic', status: 'lost' }, 'status'],
    [{ tool: 'demo' }, 'tool'],
    [{}, 'tool'],
  ] as const) {
    const response = await server.inject(post(body))
    assert.deepEqual([response.statusCode, response.json().errors[0].field], [400, field])
  }
  const letters = await server.inject(post({ tool: 'read-topic', topic: 'order-events-dlq' }))
  assert.equal(letters.statusCode, 202)
})

test('a tool at work is told as a conflict, and a form of another site starts none', async (t) => {
  const operations = createFakeOperations({
    startRun: () => {
      throw toolAtWork()
    },
  })
  const { server } = await startTestServer(t, { operations })
  const busy = await server.inject(post({ tool: 'doctor' }))
  assert.deepEqual([busy.statusCode, busy.json().code], [409, 'TOOL_AT_WORK'])
  const headers = { 'content-type': 'text/plain' }
  const form = await server.inject({ ...post({}), payload: '{"tool":"doctor"}', headers })
  assert.equal(form.statusCode, 415)
})
