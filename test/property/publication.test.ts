import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPlayer } from '../model/player.ts'
import { missingIn } from '../model/tally.ts'

/**
 * The publication protocol of one to three instances, with everything that it does not decide itself
 * chosen by a seed: which call of the store or the broker has its effect next and when its answer
 * comes, what fails or gets lost, how time passes, who dies, is paused, stopped or started, and what
 * clients ask meanwhile. The business code is the real one; store, broker and clock are models
 * (test/model). After each schedule everything heals, and then every reply has to be true, the store
 * what the topic says, and each order's versions without a gap or a repeat: see test/model/checks.ts.
 *
 * A failure prints its seed, the shortest schedule that fast-check found, and its story. The same
 * again: CART_MODEL_SEED=<seed>. More or fewer: CART_MODEL_SCHEDULES=<how many, all together>.
 */

const SCHEDULES = Number(process.env['CART_MODEL_SCHEDULES'] ?? 25_000)

const SEED = Number(process.env['CART_MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** From here on chance does not keep anything from happening: of the rarest there are a dozen. */
const SCHEDULES_ENOUGH = 25_000

/** The threads share the machine with whatever else runs on it; this only bounds a hang. */
const TIMEOUT_MS = 900_000

const RUNS = [
  { instanceCount: 1, part: 0.2 },
  { instanceCount: 2, part: 0.5 },
  { instanceCount: 3, part: 0.3 },
] as const

describe('whatever fails, and in whatever order it happens', { concurrency: RUNS.length }, () => {
  for (const { instanceCount, part } of RUNS) {
    const name = `no reply is false and no event lost, out of order or repeated: instances: ${instanceCount}`
    test(name, { timeout: TIMEOUT_MS }, async (t) => {
      const scheduleCount = Math.ceil(SCHEDULES * part)
      await using player = openPlayer()
      const result = await player.play({ instanceCount, scheduleCount, seed: SEED })
      if ('failure' in result) {
        assert.fail(`CART_MODEL_SEED=${SEED}: ${result.failure}\n\n${result.story}`)
      }
      t.diagnostic(`${scheduleCount} schedules, seed ${SEED}: ${JSON.stringify(result.tally)}`)
      if (SCHEDULES < SCHEDULES_ENOUGH) return
      const missing = missingIn(result.tally, instanceCount)
      assert.deepEqual(missing, [], 'what is checked has happened at least once')
    })
  }
})
