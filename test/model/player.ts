import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ScheduleResult, ScheduleRun } from './play-schedules.ts'

/** A schedule leaves nothing behind: most of it is gone before it has to be looked at. */
const YOUNG_MB = 64

/** Plays schedules in a thread of its own. */
export interface Player {
  play(run: ScheduleRun): Promise<ScheduleResult>
  [Symbol.asyncDispose](): Promise<void>
}

/** `module`: play-schedules.ts, here or in a copy of the source. */
export function openPlayer(module: URL = new URL('./play-schedules.ts', import.meta.url)): Player {
  const thread = new Worker(module, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
  return {
    async play(run) {
      thread.postMessage(run)
      const [result] = (await once(thread, 'message')) as [ScheduleResult]
      return result
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}
