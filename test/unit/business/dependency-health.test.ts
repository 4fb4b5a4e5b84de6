import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DependencyHealth, type DependencyState } from '../../../src/business/dependency-health.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  const changes: DependencyState[] = []
  const health = new DependencyHealth(clock, (_dependency, state) => changes.push(state))
  return { clock, changes, health, kafka: () => health.states().kafka }
}

test('a new reason for the same trouble keeps its beginning, and is news', () => {
  const { clock, changes, health, kafka } = setUp()
  for (const [index, report] of [
    health.reportDegraded.bind(health),
    health.reportDown.bind(health),
  ].entries()) {
    clock.advance(1_000)
    report('kafka', 'one')
    const { since } = kafka()
    assert.equal(since.getTime(), clock.now().getTime(), 'another trouble begins now')
    clock.advance(1_000)
    report('kafka', 'two')
    assert.deepEqual([kafka().reason, kafka().since], ['two', since])
    assert.equal(changes.length, 2 * (index + 1))
  }
})

test('the same reason for the same trouble is no news', () => {
  const { clock, changes, health, kafka } = setUp()
  health.reportDown('kafka', 'one')
  const before = kafka()
  clock.advance(1_000)
  health.reportDown('kafka', 'one')
  assert.equal(kafka(), before)
  assert.equal(changes.length, 1)
})

test('what is up has no reason, and is up since it came back', () => {
  const { clock, changes, health, kafka } = setUp()
  clock.advance(1_000)
  health.reportUp('kafka')
  clock.advance(1_000)
  health.reportUp('kafka')
  assert.deepEqual(kafka(), { status: 'up', since: new Date(1_000) })
  assert.equal(changes.length, 1)
  assert.equal(health.states().storage.status, 'down', 'only what has answered is up')
})
