import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { MIXES } from '../model/mixes.ts'
import { MUTATIONS, withoutRule } from '../model/mutations.ts'

/** What scripts/model-mutations.ts needs to be true of the lanes' source, without its schedules. */
describe('each rule of the lanes can be taken out', () => {
  for (const mutation of MUTATIONS) {
    test(`${mutation.rule}: ${mutation.without}`, () => {
      const source = readFileSync(new URL(`../../${mutation.file}`, import.meta.url), 'utf8')
      assert.notEqual(withoutRule(mutation, source), source)
    })
  }
})

test('the moves of each mix share 256', () => {
  for (const mix of MIXES) {
    assert.equal(
      mix.reduce((sum, [weight]) => sum + weight, 0),
      256,
    )
  }
})
