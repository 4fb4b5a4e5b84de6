import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Measures } from '../../../../src/business/measures/measures.ts'
import type { DependencyState } from '../../../../src/business/dependency-health.ts'
import { METRICS, type MetricSources } from '../../../../src/service/metrics/metric-table.ts'
import { createMetricsPage } from '../../../../src/service/metrics/metrics-page.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** The third is of a machine whose clock is ahead. */
const TIMES = ['2026-11-28T12:00:30.000Z', '2026-11-28T12:00:00.000Z', '2026-11-28T13:00:00.000Z']

const UP: DependencyState = { status: 'up', since: new Date(0) }

function sourcesOf(measures: Measures, times = TIMES): MetricSources {
  return {
    measures,
    pendingTimes: () => times,
    now: () => new Date('2026-11-28T12:01:01.500Z'),
    lanes: () => [
      { partition: 0, state: 'open', parkedCount: 1 },
      { partition: 1, state: 'silent', parkedCount: 0 },
    ],
    isLeaseHeld: () => true,
    dependencies: () => ({ kafka: { ...UP, status: 'degraded' }, schemaRegistry: UP, storage: UP }),
    credentials: () => [
      { kind: 'database-client', endsAt: new Date(1_800_000_000_000) },
      { kind: 'api-key', id: 'shop', endsAt: new Date(1_900_000_000_000) },
    ],
    build: { version: '1.2.3', store: 'sqlite' },
  }
}

test('a scrape in either format has every metric of the table, with the same numbers', async () => {
  const measures = new Measures()
  measures.changes.add(['create', 'done'])
  measures.requests.note(['POST', '/api/create-order', '201'], 12)
  measures.storeOperations.note(['reserve'], 3)
  const write = createMetricsPage(sourcesOf(measures), new ManualClock())
  const { text } = await write('text')
  const { text: open } = await write('openmetrics')
  for (const { name, type } of METRICS) {
    assert.match(text, new RegExp(`^# TYPE ${name} ${type}$`, 'mu'))
    assert.match(text, new RegExp(`^${name}(?:_bucket)?(?:\\{| )`, 'mu'), `${name} has no sample`)
    assert.match(open, new RegExp(`^# TYPE ${name.replace(/_total$/u, '')} ${type}$`, 'mu'))
  }
  for (const line of [
    'cart_changes_total{command="create",outcome="done"} 1',
    'cart_changes_total{command="update",outcome="unknown"} 0',
    'cart_pending_events 3',
    'cart_pending_oldest_age_seconds 61.5',
    'cart_parked_events 1',
    'cart_lane_open{partition="1"} 0',
    'cart_lanes{state="silent"} 1',
    'cart_dependency_up{dependency="kafka"} 0.5',
    'cart_credential_expiry_timestamp_seconds{kind="database-client"} 1800000000',
    'cart_credential_expiry_timestamp_seconds{kind="api-key",id="shop"} 1900000000',
    'cart_build_info{version="1.2.3",store="sqlite"} 1',
    'cart_http_server_request_duration_seconds_bucket{le="0.025",method="POST",route="/api/create-order",status="201"} 1',
    'cart_http_server_request_duration_seconds_bucket{le="0.01",method="POST",route="/api/create-order",status="201"} 0',
    'cart_store_operation_seconds_count{op="reserve"} 1',
  ]) {
    assert.ok(text.split('\n').includes(line), line)
    assert.ok(open.split('\n').includes(line), line)
  }
  assert.match(open, /\n# EOF\n$/u)
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /mu)
})

test('nothing that is pending, or only what is ahead of the clock, has no age', async () => {
  for (const times of [[], ['2026-11-28T13:00:00.000Z']]) {
    const write = createMetricsPage(sourcesOf(new Measures(), times), new ManualClock())
    assert.match((await write('text')).text, /^cart_pending_oldest_age_seconds 0$/mu)
  }
})

test('OpenMetrics names the trace of a sampled acknowledgement beside its bucket', async () => {
  const measures = new Measures()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  measures.acknowledgements.noteTraced(30, traceId, new Date(1_700_000_000_000))
  const write = createMetricsPage(sourcesOf(measures), new ManualClock())
  const bucket = `cart_publish_ack_seconds_bucket{le="0.05"} 1 # {trace_id="${traceId}"} 0.03 1700000000`
  assert.ok((await write('openmetrics')).text.includes(`\n${bucket}\n`))
  assert.doesNotMatch((await write('text')).text, /trace_id/u)
})

test('scrapes of one second share their numbers', async () => {
  const measures = new Measures()
  const clock = new ManualClock()
  const write = createMetricsPage(sourcesOf(measures), clock)
  const first = await write('text')
  measures.contestedCount = 1
  assert.equal(await write('text'), first)
  clock.advance(1_000)
  assert.match((await write('text')).text, /^cart_contested_total 1$/mu)
})

test('no more series are kept than the bound, whatever labels come', () => {
  const { requests } = new Measures()
  for (let index = 0; index < 5_000; index += 1) requests.note(['GET', `/${index}`, '200'], 1)
  assert.equal(requests.list().length, 2_000)
})
