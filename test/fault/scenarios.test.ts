import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { infrastructure } from '../support/infrastructure.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { Report } from './harness/report.ts'
import { runScenario } from './harness/run-scenario.ts'
import { SCENARIOS } from './scenarios/scenarios.ts'

/**
 * A part of what `npm run faults` does, small enough for every run of the tests. Counts are looked
 * at, times are not: they belong to the machine.
 */

/** Another one each time finds more; a failure names it. */
const SEED = Math.floor(Math.random() * 2 ** 31)

let cluster: TestCluster

before(async () => {
  cluster = await startTestCluster(1)
})

after(() => cluster.close())

async function survive(t: TestContext, name: string): Promise<Report> {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name)
  assert.ok(scenario !== undefined, name)
  const report = await runScenario(scenario, {
    cluster,
    registryUrl: infrastructure().schemaRegistryUrl,
    seed: SEED,
    size: 'short',
  })
  const { confirmed, notApplied, unknown, unanswered } = report.replies
  t.diagnostic(
    `${confirmed} confirmed, ${notApplied} not applied, ${unknown} unknown, ${unanswered} without answer`,
  )
  assert.deepEqual(report.violations, [], `seed ${SEED}\n${report.story}`)
  return report
}

test('every answer stays true while the service is killed and restarted under load', async (t) => {
  await survive(t, 'service-kill')
})

test('what a service left pending when it was killed is settled by the next one', async (t) => {
  await survive(t, 'service-kill-in-outage')
})

test('every answer stays true when the service dies before or after any step of the protocol', async (t) => {
  await survive(t, 'failpoints')
})

test('what a dead service still had on its way makes no copy when it comes after the recovery', async (t) => {
  await survive(t, 'crash-window')
})

test('what a dead service still had on its way after a refusal makes no copy either', async (t) => {
  await survive(t, 'crash-window-refusal')
})

test('what a dead service still had on its way makes no copy when it comes while its recovery sends', async (t) => {
  await survive(t, 'crash-race')
})

test('every answer stays true while acknowledgements get lost under load', async (t) => {
  await survive(t, 'lost-acks')
})

test('every answer stays true while the broker is killed and restarted under load', async (t) => {
  await survive(t, 'broker-kill')
})

test('every answer stays true while the broker is paused under load', async (t) => {
  const { replies } = await survive(t, 'broker-pause')
  assert.ok(replies.unknown > 0, 'what had left when the broker paused is in doubt')
  assert.ok(replies.notApplied > replies.unknown, 'what came later is a definite "no"')
})

test('every answer stays true while one of three instances on PostgreSQL is killed again and again', async (t) => {
  await survive(t, 'instance-kill')
})

test('every answer stays true while one of three instances gets another version, and the former one again', async (t) => {
  await survive(t, 'rolling-upgrade')
})

test('every answer stays true while PostgreSQL crashes under three instances', async (t) => {
  await survive(t, 'postgres-crash')
})

test('an event in doubt of a partition that is gone is published where its key leads now', async (t) => {
  await survive(t, 'fewer-partitions')
})

test('health and readiness tell a broker that refuses everything from one stuck partition', async (t) => {
  await survive(t, 'refusals-are-news')
})
