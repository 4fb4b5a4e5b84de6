import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bounded, CHECK_TIMEOUT_MS } from '../../../../src/cli/doctor/bounded-diagnosis.ts'
import type { Diagnosis } from '../../../../src/cli/doctor/diagnosis.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const CHECK = { name: 'kafka', action: 'Look at it.', parts: ['topic orders', 'rights'] }

function linesOf({ findings }: Diagnosis): string[] {
  return findings.map(({ verdict, check, detail }) => `${verdict} ${check}: ${detail}`)
}

test('a check that hangs says so, and that those behind it were not made', async () => {
  const clock = new ManualClock()
  const diagnosis = bounded(CHECK, new Promise<Diagnosis>(() => {}), clock)
  clock.advance(CHECK_TIMEOUT_MS)
  assert.deepEqual(linesOf(await diagnosis), [
    'problem kafka: no result within 12000 ms',
    'skipped topic orders: not examined: see kafka',
    'skipped rights: not examined: see kafka',
  ])
})

test('so does one that fails unforeseen', async () => {
  const failed = await bounded(CHECK, Promise.reject(new Error('a bug')), new ManualClock())
  assert.deepEqual(linesOf(failed), [
    'problem kafka: a bug',
    'skipped topic orders: not examined: see kafka',
    'skipped rights: not examined: see kafka',
  ])
})
