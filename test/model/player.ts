import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ScheduleResult, ScheduleRun } from './play-schedules.ts'

/** Plays schedules in a thread of its own. */
export interface Player {
  play(run: ScheduleRun): Promise<ScheduleResult>
  [Symbol.asyncDispose](): Promise<void>
}

/** `module`: play-schedules.ts, here or in a copy of the source. */
export function openPlayer(module: URL = new URL('./play-schedules.ts', import.meta.url)): Player {
  const thread = new Worker(module)
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
