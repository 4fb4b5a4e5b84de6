import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { ok, problem, warning } from '../../../src/business/diagnosis/finding.ts'
import { describeSettings } from '../../../src/cli/config.ts'
import { describeFindings, judgeRuntime } from '../../../src/cli/doctor.ts'
import { paintFor } from '../../../src/cli/order-line.ts'

const plain = paintFor(new PassThrough())

test('every finding is a line, and what is not well has its action below', () => {
  const findings = [
    ok('a', 'fine'),
    warning('long name', 'so so', 'Do this.'),
    problem('b', 'no', 'Do that.'),
  ]
  assert.deepEqual(describeFindings(findings, plain), [
    'ok       a          fine',
    'warning  long name  so so',
    '         -> Do this.',
    'problem  b          no',
    '         -> Do that.',
    '3 checks: 1 ok, 1 to think of, 1 to repair',
  ])
})

test('an older Node.js is a problem', () => {
  assert.equal(judgeRuntime('26.0.0').verdict, 'ok')
  assert.equal(judgeRuntime('24.9.0').verdict, 'problem')
})

test('settings stand in columns: name, value, source', () => {
  const settings = [
    { name: 'A', value: 'long value', source: 'environment' },
    { name: 'LONG_NAME', value: undefined, source: 'unset' },
  ] as const
  assert.deepEqual(describeSettings(settings, plain), [
    'A          long value  environment',
    'LONG_NAME              unset',
  ])
})
