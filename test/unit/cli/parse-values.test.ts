import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/cli/command.ts'
import {
  choiceOf,
  durationMsOf,
  integerOf,
  numberOf,
  parseDurationMs,
  timeMsOf,
} from '../../../src/cli/parse-values.ts'

test('durations have a unit', () => {
  assert.equal(parseDurationMs('500ms'), 500)
  assert.equal(parseDurationMs('90s'), 90_000)
  assert.equal(parseDurationMs('1.5h'), 5_400_000)
  assert.equal(durationMsOf('for', '2d'), 172_800_000)
  for (const text of ['', '10', 's', '-1s', '1 s', '1w', 'abc']) {
    assert.throws(() => durationMsOf('for', text), UsageError, text)
  }
})

test('a time is a duration before now, or a date', () => {
  assert.equal(timeMsOf('since', '10s', 25_000), 15_000)
  assert.equal(timeMsOf('since', '2026-11-24T09:00:00Z', 0), Date.UTC(2026, 10, 24, 9))
  assert.equal(timeMsOf('since', '2026-11-24', 0), Date.UTC(2026, 10, 24))
  assert.equal(timeMsOf('since', '2026-11-24T10:00+01', 0), Date.UTC(2026, 10, 24, 9))
  for (const text of [
    'yesterday',
    '5',
    '2026-13-01',
    '',
    // JavaScript takes it for the 2nd of March.
    '2026-02-30',
    // Of which zone?
    '2026-11-24T09:00:00',
    '2026-11-24 later',
    // No date is so early.
    '999999d',
    '99999999999d',
  ]) {
    assert.throws(() => timeMsOf('since', text, 0), UsageError, text)
  }
})

test('numbers keep to their range, and words to their list', () => {
  assert.equal(integerOf('limit', '10', 1, 10), 10)
  for (const text of ['0', '11', '1.5', '1e1', '']) {
    assert.throws(() => integerOf('limit', text, 1, 10), UsageError, text)
  }
  assert.equal(numberOf('rate', '0.5', 0.1, 10), 0.5)
  for (const text of ['0', '11', '-1', 'x']) {
    assert.throws(() => numberOf('rate', text, 0.1, 10), UsageError, text)
  }
  assert.equal(choiceOf('type', 'a', ['a', 'b']), 'a')
  assert.throws(() => choiceOf('type', 'c', ['a', 'b']), /--type must be one of a, b, got 'c'/)
})
