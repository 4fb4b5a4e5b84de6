import { setTimeout as sleep } from 'node:timers/promises'
import { machineNowMs, summarize, type Span, type Summary } from './samples.ts'
import { serveCommands } from './serve-commands.ts'

/** How late a process is that does nothing: the machine's own share of every latency. */
export interface IdleTimerCommands {
  watch(span: Span): Promise<Summary>
}

const TIMER_MS = 5

serveCommands({
  async watch({ fromMs, untilMs }) {
    const lateMs: number[] = []
    await sleep(Math.max(0, fromMs - machineNowMs()))
    while (machineNowMs() < untilMs) {
      const beforeMs = performance.now()
      await sleep(TIMER_MS)
      lateMs.push(Math.max(0, performance.now() - beforeMs - TIMER_MS))
    }
    return summarize(lateMs)
  },
} satisfies IdleTimerCommands)
