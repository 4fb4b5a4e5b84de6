import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AUDIT_METRICS } from '../../../../src/cli/audit/audit-metrics.ts'
import { METRICS } from '../../../../src/service/metrics/metric-table.ts'
import { listNodeMetrics } from '../../../../src/service/metrics/metrics-page.ts'

/** Whoever looks, and is woken, by names that the service has; and finds a page for each alert. */

const ROOT = new URL('../../../../', import.meta.url)
const RULES = read('deploy/observability/cart-rules.yaml')
const TESTS = read('deploy/observability/cart-rules.test.yaml')
const DASHBOARD = read('deploy/observability/cart-dashboard.json')

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

function namesOf(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([all, group]) => group ?? all))
}

const NAME = /\b(?:cart|nodejs|process)_[a-z0-9_]+\b/gu

/** With those by which a histogram is read. */
function knownNames(): ReadonlySet<string> {
  const kinds = [...METRICS, ...AUDIT_METRICS, ...listNodeMetrics()]
  const parts = kinds.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  )
  return new Set(parts)
}

test('dashboard and rules use no name that the service does not have', () => {
  const known = knownNames()
  for (const text of [RULES, TESTS, DASHBOARD]) {
    const used = namesOf(text, NAME)
    assert.ok(used.size > 5)
    assert.deepEqual(
      [...used].filter((name) => !known.has(name)),
      [],
    )
  }
})

test('the pages for people name no metric that the service does not have', () => {
  const kinds = [...METRICS, ...AUDIT_METRICS, ...listNodeMetrics()]
  const known = new Set([...knownNames(), ...kinds.map(({ name }) => name)])
  const runbooks = readdirSync(new URL('docs/runbooks', ROOT)).map(
    (file) => `docs/runbooks/${file}`,
  )
  const pages = [...runbooks, 'docs/how-to/watch.md', 'docs/how-to/troubleshoot.md'].map(read)
  const used = namesOf(pages.join('\n'), NAME)
  assert.ok(used.size > 5)
  assert.deepEqual(
    [...used].filter((name) => !known.has(name)),
    [],
  )
})

test('every metric of the service is on the dashboard, but for the single lanes', () => {
  const shown = [...namesOf(DASHBOARD, NAME)].map((name) => name.replace(/_(?:bucket|count)$/u, ''))
  const hidden = METRICS.map(({ name }) => name).filter((name) => !shown.includes(name))
  assert.deepEqual(hidden, ['cart_publications_total', 'cart_lane_open'])
})

test('a recorded name that is used is recorded', () => {
  const recorded = namesOf(RULES, /record: (\S+)/gu)
  for (const text of [RULES, TESTS, DASHBOARD]) {
    const used = namesOf(text, /\bcart:[a-z0-9_:]+/gu)
    assert.deepEqual(
      [...used].filter((name) => !recorded.has(name)),
      [],
    )
  }
})

test('each alert is tested, and has a page that ends in one action', () => {
  const alerts = namesOf(RULES, /alert: (\w+)/gu)
  assert.deepEqual(namesOf(TESTS, /alertname: (\w+)/gu), alerts)
  const pages = readdirSync(new URL('docs/runbooks', ROOT)).map((file) => file.replace('.md', ''))
  assert.deepEqual(new Set(pages), new Set([...alerts, 'README']))
  assert.deepEqual(namesOf(read('docs/runbooks/README.md'), /\((Cart\w+)\.md\)/gu), alerts)
  for (const alert of alerts) {
    assert.ok(RULES.includes(`runbook_url: docs/runbooks/${alert}.md`), alert)
    const page = read(`docs/runbooks/${alert}.md`)
    assert.ok(page.startsWith(`# ${alert}\n`), alert)
    const [last = ''] = page.trimEnd().split('\n').slice(-1)
    assert.match(last, /^\*\*Do:\*\* /u, alert)
    assert.equal([...page.matchAll(/\*\*Do:\*\*/gu)].length, 1, alert)
  }
})
