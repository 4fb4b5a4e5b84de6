import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '../../../src/business/ports.ts'
import { RetryKeySweep } from '../../../src/business/retry-key-sweep.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('forgets old keys time and again, as many at once as there are, whatever the store says', async () => {
  const clock = new ManualClock()
  const asked: number[] = []
  const answers = [500, 500, 20, new StoreError('away', 'no'), 0]
  const retryKeys = {
    forgetKeys(ageMs: number) {
      asked.push(ageMs)
      const answer = answers.shift() ?? 0
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  }
  const sweep = new RetryKeySweep({ retryKeys, clock, retentionMs: 7_000 })
  sweep.start()
  await clock.runUntil(() => answers.length === 0, 10_000)
  assert.deepEqual(asked, [7_000, 7_000, 7_000, 7_000, 7_000])
  assert.equal(clock.monotonicMs(), 180_000)
  await sweep.close()
})
