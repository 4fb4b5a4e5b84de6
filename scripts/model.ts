import { availableParallelism } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { openPlayer } from '../test/model/player.ts'
import type { ScheduleRun } from '../test/model/play-schedules.ts'
import { HAPPENINGS, createTally } from '../test/model/tally.ts'

/**
 * Plays schedules of the publication protocol on all cores, or on as many as `--threads` says: see
 * test/property/publication.test.ts. Ends with 1 when one fails, and prints its seed and its story.
 */

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    instances: { type: 'string' },
    threads: { type: 'string' },
  },
})

const schedulesMax = Number(values.schedules)
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30))
const threadCount = Number(values.threads ?? availableParallelism())
const untilMs = performance.now() + Number(values.minutes ?? Infinity) * 60_000

/** Small enough that the story of a failure is soon found again by the seed of its part. */
const PART = 2_000

/** Ten parts: how many instances each has. */
const INSTANCE_COUNTS = [2, 3, 1, 2, 3, 2, 2, 3, 1, 2] as const

const tally = createTally()
const startedAtMs = performance.now()
let begun = 0
let played = 0
let isFailed = false

function nextRun(): ScheduleRun | undefined {
  const scheduleCount = Math.min(PART, schedulesMax - begun)
  if (isFailed || scheduleCount <= 0 || performance.now() >= untilMs) return undefined
  const part = begun / PART
  begun += scheduleCount
  const instanceCount = Number(
    values.instances ?? INSTANCE_COUNTS[part % INSTANCE_COUNTS.length] ?? 1,
  )
  return { instanceCount, scheduleCount, seed: firstSeed + part }
}

async function playParts(): Promise<void> {
  await using player = openPlayer()
  for (let run = nextRun(); run !== undefined; run = nextRun()) {
    const result = await player.play(run)
    if ('failure' in result) {
      isFailed = true
      const { instanceCount, seed, scheduleCount } = run
      const again = `--instances ${instanceCount} --seed ${seed} --schedules ${scheduleCount}`
      process.stdout.write(`${result.failure}\n\n${result.story}\n\nThe same again: ${again}\n`)
      return
    }
    played += run.scheduleCount
    for (const happening of HAPPENINGS) tally[happening] += result.tally[happening]
  }
}

// Said first: a run that is broken off can be played again as well.
process.stdout.write(`seed ${firstSeed}\n`)
await Promise.all(Array.from({ length: threadCount }, playParts))
const seconds = (performance.now() - startedAtMs) / 1_000
const perHour = Math.round((played / seconds) * 3_600)
process.stdout.write(`${played} schedules in ${seconds.toFixed(1)} s (${perHour} an hour)\n`)
for (const happening of HAPPENINGS) {
  process.stdout.write(`${happening.padEnd(20)} ${tally[happening]}\n`)
}
process.exitCode = isFailed ? 1 : 0
