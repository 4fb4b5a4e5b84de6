import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { commandArguments } from '../fuzz/arguments.ts'
import { fetchAnswers } from '../fuzz/fetch-answers.ts'
import { playInputs } from '../fuzz/fuzz-target.ts'
import { httpRequests } from '../fuzz/http-requests.ts'
import { settingsText } from '../fuzz/settings-text.ts'
import { topicBytes } from '../fuzz/topic-bytes.ts'

/** A little of `npm run fuzz`; the answers of Kafka and of a registry have files of their own. */

const SEED = 11

suite('what others wrote does no harm', () => {
  for (const [target, inputs] of [
    [httpRequests, 1_000],
    [fetchAnswers, 2_500],
    [topicBytes, 2_500],
    [settingsText, 2_500],
    [commandArguments, 1_000],
  ] as const) {
    test(`to what reads it: ${target.name}`, { timeout: 600_000 }, async () => {
      const result = await playInputs(target, { seed: SEED, inputs })
      assert.equal(result.failure, undefined)
      assert.equal(result.inputs, inputs)
    })
  }
})

test('a run whose time is over before its inputs is no success', async () => {
  const target = {
    name: 'slow',
    inputs: 1,
    open: () =>
      Promise.resolve({
        property: fc.asyncProperty(fc.integer(), async () => {
          await new Promise(setImmediate)
        }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  }
  const early = await playInputs(target, { seed: SEED, inputs: 1_000_000, timeMsMax: 20 })
  assert.match(early.failure ?? '', /^its time was over after \d+ of 1000000 inputs$/)
  const whole = await playInputs(target, { seed: SEED, inputs: 100, timeMsMax: 60_000 })
  assert.deepEqual([whole.inputs, whole.failure], [100, undefined])
})
