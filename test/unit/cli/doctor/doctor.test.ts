import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import {
  ok,
  problem,
  skipped,
  warning,
  type Finding,
} from '../../../../src/cli/doctor/judges/finding.ts'
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
    'It does not work as it should: 1 ok, 1 warning, 1 problem',
  ])
})

test('what could not be examined is counted', () => {
  const lines = describeFindings([skipped('clock', 'not compared', 'Look yourself.')], plain)
  assert.deepEqual(lines, [
    'skipped  clock  not compared',
    '         -> Look yourself.',
    'No problem found, not all examined: 0 ok, 0 warnings, 0 problems, 1 skipped',
  ])
})

test('an older Node.js is a problem', () => {
  assert.equal(judgeRuntime('26.0.0').verdict, 'ok')
  assert.equal(judgeRuntime('24.9.0').verdict, 'problem')
})

function lastLine(...findings: Finding[]): string | undefined {
  return describeFindings(findings, plain).at(-1)
}

test('the last line says in a sentence how it is', () => {
  assert.equal(lastLine(ok('a', 'fine')), 'All is well: 1 ok, 0 warnings, 0 problems')
  const works = 'It works, with warnings: 1 ok, 1 warning, 0 problems'
  assert.equal(lastLine(ok('a', 'fine'), warning('b', 'so so', 'Do this.')), works)
})

test('on a terminal lines are broken where it ends, and commands are not', () => {
  const command = 'that --now '.repeat(10).trim()
  const findings = [problem('check', 'word '.repeat(30).trim(), 'Do '.repeat(40).trim(), command)]
  const lines = describeFindings(findings, plain, 80)
  const long = lines.filter(({ length }) => length > 80)
  assert.deepEqual(long, [`            ${command}`])
  assert.match(lines[1] ?? '', /^ {16}word word/)
})
