import process from 'node:process'
import { parseArgs } from 'node:util'
import { peakMegabytes } from '../test/attack/measures.ts'
import { playInputs } from '../test/fuzz/fuzz-target.ts'
import { FUZZ_TARGETS } from '../test/fuzz/targets.ts'

/**
 * A million inputs for everything of ours that reads what others wrote. Ends with 1 when one of them
 * ended in a crash, a 500, or too much memory, and when the time was over before all were played. The
 * same seed plays the same inputs.
 */

/** Of this process, which makes the inputs as well. */
const MEGABYTES_MAX = 1_024

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    /** Of all targets together. */
    minutes: { type: 'string', default: '60' },
  },
})

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const only = values.only?.split(',')
const targets = FUZZ_TARGETS.filter(({ name }) => only === undefined || only.includes(name))
const share = Number(values.inputs) / targets.reduce((sum, { inputs }) => sum + inputs, 0)
const endMs = performance.now() + Number(values.minutes) * 60_000

// Said first: a run that is broken off can be played again as well.
process.stdout.write(`seed ${seed}\n`)
let total = 0
for (const target of targets) {
  const inputs = Math.round(target.inputs * share)
  const result = await playInputs(target, {
    seed,
    inputs,
    timeMsMax: Math.max(0, endMs - performance.now()),
  })
  total += result.inputs
  const seconds = result.seconds.toFixed(1)
  process.stdout.write(
    `${target.name.padEnd(24)} ${String(result.inputs).padStart(8)} inputs in ${seconds} s\n`,
  )
  if (result.failure !== undefined) {
    process.exitCode = 1
    process.stdout.write(`${result.failure}\n`)
  }
}
const peak = peakMegabytes(process.pid) ?? Number.NaN
if (!(peak <= MEGABYTES_MAX)) process.exitCode = 1
process.stdout.write(`${total} inputs; peak of memory ${peak} MB, of ${MEGABYTES_MAX} MB\n`)
