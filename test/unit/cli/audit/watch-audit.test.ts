import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFreePort } from '../../../../dev-services/ports.ts'
import { serveAuditMetrics } from '../../../../src/cli/audit/audit-metrics.ts'
import { AuditWatch, type AuditResult } from '../../../../src/cli/audit/watch-audit.ts'

const DAY_MS = 86_400_000

function setUp(results: Array<AuditResult | Error>) {
  const stop = new AbortController()
  const out: string[] = []
  const progress: string[] = []
  const slept: number[] = []
  const watch = new AuditWatch({
    everyMs: DAY_MS,
    audit() {
      const result = results.shift()
      if (results.length === 0) stop.abort()
      if (result instanceof Error) return Promise.reject(result)
      return result === undefined ? assert.fail('no audit is left') : Promise.resolve(result)
    },
    now: () => new Date('2026-11-28T03:00:00.000Z'),
    sleep: async (delayMs) => void slept.push(delayMs),
    print: { out: (line) => out.push(line), progress: (line) => progress.push(line) },
    signal: stop.signal,
  })
  return { watch, out, progress, slept }
}

test('it audits every day, and tells each result with its time', async () => {
  const agree = { differenceCount: 0, lines: ['Topic and store agree.'] }
  const differ = { differenceCount: 2, lines: ['Topic and store differ.', 'altered'] }
  const { watch, out, slept } = setUp([agree, differ])
  await watch.run()
  assert.deepEqual(slept, [DAY_MS, DAY_MS])
  assert.deepEqual(out, [
    '2026-11-28T03:00:00.000Z  Topic and store agree.',
    '2026-11-28T03:00:00.000Z  Topic and store differ.',
    '2026-11-28T03:00:00.000Z  altered',
  ])
  assert.equal(watch.numbers.differenceCount, 2)
  assert.equal(watch.numbers.completedAt, Date.UTC(2026, 10, 28, 3) / 1_000)
})

test('an audit that cannot be made is told and tried again soon; the last result stays', async () => {
  const differ = { differenceCount: 1, lines: [] }
  const { watch, progress, slept } = setUp([differ, new Error('no broker answers')])
  await watch.run()
  assert.deepEqual(slept, [DAY_MS, 600_000])
  assert.deepEqual(progress, [
    '2026-11-28T03:00:00.000Z  The audit could not be made: no broker answers',
  ])
  assert.deepEqual([watch.numbers.differenceCount, watch.numbers.failureCount], [1, 1])
})

test('a scraper reads the numbers as they are now', async () => {
  let differenceCount = 0
  const port = await findFreePort()
  await using _ = await serveAuditMetrics({ host: '127.0.0.1', port }, () => ({
    differenceCount,
    completedAt: 1_800_000_000,
    failureCount: 3,
  }))
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  assert.match(await scrape(), /^cart_audit_differences 0$/mu)
  differenceCount = 4
  const text = await scrape()
  for (const line of [
    'cart_audit_differences 4',
    'cart_audit_completed_timestamp_seconds 1800000000',
    'cart_audit_failures_total 3',
    '# TYPE cart_audit_failures_total counter',
  ]) {
    assert.ok(text.split('\n').includes(line), line)
  }
})
