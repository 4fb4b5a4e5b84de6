import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SINCE_CHOICES } from '../../../src/api/schemas/operations-json.ts'
import { LOOKS, nextLook } from '../../../src/console/topic-looks.ts'

const HOUR_MS = 3_600_000

test('the next look is the first one that goes further back than what was looked through', () => {
  const next = [0, 0.2 * HOUR_MS, 23 * HOUR_MS].map((backMs) => nextLook(backMs).since)
  assert.deepEqual(next, ['10m', '1h', '24h'])
  for (const [index, { ms }] of LOOKS.entries()) {
    assert.equal(nextLook(ms), LOOKS[index + 1] ?? LOOKS.at(-1))
  }
})

test('the service takes each of them', () => {
  assert.deepEqual(LOOKS.map(({ since }) => since).filter(Boolean), [...SINCE_CHOICES])
})
