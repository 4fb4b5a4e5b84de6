import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { describeSettings } from '../../../src/cli/config.ts'
import { paintFor } from '../../../src/cli/paint.ts'

test('settings stand in columns: name, value, source', () => {
  const settings = [
    { name: 'A', value: 'long value', source: 'environment' },
    { name: 'LONG_NAME', value: undefined, source: 'unset' },
  ] as const
  assert.deepEqual(describeSettings(settings, paintFor(new PassThrough())), [
    'A          long value  environment',
    'LONG_NAME              unset',
  ])
})

test('in a terminal that is too narrow for columns each stands as in a file', () => {
  const settings = [{ name: 'A', value: 'v'.repeat(70), source: '.env' }] as const
  const lines = describeSettings(settings, paintFor(new PassThrough()), 80)
  assert.deepEqual(lines, [`A=${'v'.repeat(70)}  (.env)`])
})
