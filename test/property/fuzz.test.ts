import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
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
    [httpRequests, 2_000],
    [fetchAnswers, 5_000],
    [topicBytes, 5_000],
    [settingsText, 5_000],
    [commandArguments, 2_000],
  ] as const) {
    test(`to what reads it: ${target.name}`, { timeout: 600_000 }, async () => {
      const result = await playInputs(target, { seed: SEED, inputs })
      assert.equal(result.failure, undefined)
      assert.equal(result.inputs, inputs)
    })
  }
})
