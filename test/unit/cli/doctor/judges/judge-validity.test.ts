import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeValidity } from '../../../../../src/cli/doctor/judges/judge-validity.ts'

const NOW_MS = Date.parse('2026-06-01T00:00:00Z')
const MS_PER_DAY = 86_400_000

function verdictOf(fromDays: number, untilDays: number, isShortLived = false): string {
  const fromMs = NOW_MS + fromDays * MS_PER_DAY
  const untilMs = NOW_MS + untilDays * MS_PER_DAY
  const finding = judgeValidity({ check: 'tls', what: 'it', fromMs, untilMs, isShortLived }, NOW_MS)
  return `${finding.verdict}: ${finding.detail}`
}

test('a certificate that has ended or not begun is a problem, one that ends soon a warning', () => {
  assert.equal(verdictOf(-9, -1), 'problem: it ended 2026-05-31T00:00:00.000Z')
  assert.equal(verdictOf(-9, 0), 'problem: it ended 2026-06-01T00:00:00.000Z')
  assert.equal(verdictOf(1, 9), 'problem: it is valid from 2026-06-02T00:00:00.000Z on')
  assert.equal(verdictOf(-9, 3), 'warning: it ends 2026-06-04T00:00:00.000Z, in 3 days')
  assert.equal(verdictOf(-9, 14), 'ok: it is valid until 2026-06-15T00:00:00.000Z')
  assert.equal(verdictOf(-9, 0.5, true), 'ok: it is valid until 2026-06-01T12:00:00.000Z')
})
