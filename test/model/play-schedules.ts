import { parentPort } from 'node:worker_threads'
import fc from 'fast-check'
import { BYTES_PER_MOVE, playSchedule } from './schedule.ts'
import { addTo, createTally, type Tally } from './tally.ts'

/**
 * A thread that plays schedules: it answers each run that it is sent. In a thread, because the test
 * runner follows every promise of its own one, which makes them twice as slow; and because there are
 * other cores.
 */

export interface ScheduleRun {
  readonly instanceCount: number
  readonly scheduleCount: number
  readonly seed: number
  /** Absent: after a failure a shorter schedule that fails is looked for. */
  readonly endOnFailure?: boolean
  /** False: only what comes of it is checked, and not how each lane goes about it. */
  readonly isWatched?: boolean
}

export interface ScheduleFailure {
  /** With seed, path and the shortest schedule that fails. */
  readonly failure: string
  /** The rule that broke. */
  readonly reason: string
  readonly story: string
  /** How many schedules were played up to this one. */
  readonly playedCount: number
}

export type ScheduleResult = { readonly tally: Tally } | ScheduleFailure

// Thousands of expected errors a second; the story says more than a stack.
Error.stackTraceLimit = 0

const BYTES_MIN = 1 + 10 * BYTES_PER_MOVE
const BYTES_MAX = 1 + 80 * BYTES_PER_MOVE

const schedules = fc.noBias(
  fc.uint8Array({ minLength: BYTES_MIN, maxLength: BYTES_MAX, size: 'max' }),
)

async function play({
  instanceCount,
  scheduleCount,
  seed,
  endOnFailure = false,
  isWatched = true,
}: ScheduleRun): Promise<ScheduleResult> {
  const tally = createTally()
  let playedCount = 0
  let isFailed = false
  const property = fc.asyncProperty(schedules, async (bytes) => {
    // Afterwards a shorter one is looked for.
    if (!isFailed) playedCount += 1
    isFailed = true
    const world = await playSchedule(bytes, { instanceCount, isWatched })
    isFailed = false
    addTo(tally, world)
  })
  try {
    await fc.assert(property, {
      numRuns: scheduleCount,
      endOnFailure,
      seed,
    })
    return { tally }
  } catch (error) {
    return { ...describeFailure(error), playedCount }
  }
}

/** A chain: fast-check's own words with seed and path, what broke, the story. */
function describeFailure(error: unknown): Omit<ScheduleFailure, 'playedCount'> {
  const chain: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) chain.push(cause.message)
  const [failure = String(error), story = ''] = chain
  const reason = chain.slice(2).join('\n')
  return { failure: `${failure}\n${reason}`, reason, story }
}

parentPort?.on('message', (run: ScheduleRun) => {
  void play(run).then((result) => parentPort?.postMessage(result))
})
