import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { DependencyHealth } from '../../../src/business/dependency-health.ts'
import { DependencyLog } from '../../../src/business/dependency-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function setUp(t: TestContext) {
  const clock = new ManualClock()
  const closing = new AbortController()
  t.after(() => closing.abort())
  const lines: string[] = []
  const log = new DependencyLog({
    clock,
    signal: closing.signal,
    info: (_fields, message) => lines.push(`info ${message}`),
    warn: (_fields, message) => lines.push(`warn ${message}`),
  })
  const health = new DependencyHealth(clock, (dependency, state) => log.hear(dependency, state))
  const started = log.watchStart(() => health.states())
  const allUp = (): void => {
    for (const name of ['kafka', 'schemaRegistry', 'storage'] as const) health.reportUp(name)
  }
  return { clock, lines, health, started, allUp }
}

test('a start that takes its time sounds well', async (t) => {
  const { clock, lines, health, started, allUp } = setUp(t)
  health.reportDown('kafka', 'its leader has not answered yet')
  clock.advance(1_000)
  health.reportDegraded('kafka', 'partition 2 takes no events')
  clock.advance(1_000)
  allUp()
  clock.advance(10_000)
  await started
  assert.deepEqual(lines, [
    'info Kafka is up',
    'info the Schema Registry is up',
    'info the store is up',
  ])
})

test('a start that takes too long says once what is missing, and for how long it was', async (t) => {
  const { clock, lines, health, started, allUp } = setUp(t)
  health.reportUp('storage')
  health.reportUp('schemaRegistry')
  health.reportDown('kafka', 'ECONNREFUSED')
  lines.length = 0
  clock.advance(5_000)
  await started
  assert.deepEqual(lines, ['warn Kafka is down: ECONNREFUSED'])
  clock.advance(2_000)
  allUp()
  assert.deepEqual(lines.slice(1), ['info Kafka is up again, after 7.0 s'])
})

test('a trouble is a line at its begin, at each change of how bad it is, and at its end', (t) => {
  const { clock, lines, health, allUp } = setUp(t)
  allUp()
  lines.length = 0
  health.reportDegraded('kafka', 'partition 1 takes no events')
  clock.advance(500)
  health.reportDegraded('kafka', 'partitions 1, 2 take no events')
  clock.advance(500)
  health.reportDown('kafka', 'no broker answers')
  clock.advance(11_300)
  health.reportUp('kafka')
  assert.deepEqual(lines, [
    'warn Kafka is degraded: partition 1 takes no events',
    'warn Kafka is down: no broker answers',
    'info Kafka is up again, after 12.3 s',
  ])
})
