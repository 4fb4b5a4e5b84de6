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
