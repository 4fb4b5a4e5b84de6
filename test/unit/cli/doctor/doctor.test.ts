import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { ok, problem, skipped, warning } from '../../../../src/cli/doctor/judges/finding.ts'
import { describeFindings, judgeRuntime } from '../../../../src/cli/doctor/doctor.ts'
import { paintFor } from '../../../../src/cli/paint.ts'

const plain = paintFor(new PassThrough())

test('every finding is a line, and what is not well has its action below', () => {
  const findings = [
    ok('a', 'fine'),
    warning('long name', 'so so', 'Do this.'),
    problem('b', 'no', 'Do that.', 'that --now'),
  ]
  assert.deepEqual(describeFindings(findings, plain), [
    'ok       a          fine',
    'warning  long name  so so',
    '         -> Do this.',
    'problem  b          no',
    '         -> Do that.',
    '            that --now',
    '1 ok, 1 warning, 1 problem',
  ])
})

test('what could not be examined is counted', () => {
  const lines = describeFindings([skipped('clock', 'not compared', 'Look yourself.')], plain)
  assert.deepEqual(lines, [
    'skipped  clock  not compared',
    '         -> Look yourself.',
    '0 ok, 0 warnings, 0 problems, 1 skipped',
  ])
})

test('an older Node.js is a problem', () => {
  assert.equal(judgeRuntime('26.0.0').verdict, 'ok')
  assert.equal(judgeRuntime('24.9.0').verdict, 'problem')
})
