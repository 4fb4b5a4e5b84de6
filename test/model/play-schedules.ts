import { parentPort, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import { playSchedule } from './schedule.ts'
import { addTo, createTally, type Tally } from './tally.ts'

/**
 * A thread that plays schedules. In a thread, because the test runner follows every promise of its
 * own one, which makes them twice as slow; and because there are other cores.
 */

export interface ScheduleRun {
  readonly instanceCount: number
  readonly scheduleCount: number
  /** Absent: another one each time. */
  readonly seed: number | undefined
}

export type ScheduleResult =
  { readonly tally: Tally } | { readonly failure: string; readonly story: string }

/** Two for each move. */
const BYTES_MIN = 20
const BYTES_MAX = 160

const schedules = fc.noBias(
  fc.uint8Array({ minLength: BYTES_MIN, maxLength: BYTES_MAX, size: 'max' }),
)

async function play({ instanceCount, scheduleCount, seed }: ScheduleRun): Promise<ScheduleResult> {
  const tally = createTally()
  const property = fc.asyncProperty(schedules, async (bytes) =>
    addTo(tally, await playSchedule(bytes, instanceCount)),
  )
  try {
    await fc.assert(property, {
      numRuns: scheduleCount,
      ...(seed === undefined ? {} : { seed }),
    })
    return { tally }
  } catch (error) {
    return describeFailure(error)
  }
}

/** A chain: fast-check's own words with seed and path, what broke, the story. */
function describeFailure(error: unknown): ScheduleResult {
  const chain: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) chain.push(cause.message)
  const [failure = String(error), story = ''] = chain
  return { failure: [failure, ...chain.slice(2)].join('\n'), story }
}

parentPort?.postMessage(await play(workerData as ScheduleRun))
