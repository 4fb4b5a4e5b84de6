import { setTimeout as delay } from 'node:timers/promises'
import { cpuMs } from './measures.ts'

const WINDOW_MS = 500

/** Half of a processor is work for somebody. */
const IDLE_SHARE = 0.5

/** What is left of real work takes less. */
const BUSY_MS_MAX = 10_000

/** Waits until the process works for nobody any more; the fault is that it does not stop. */
export async function untilIdle(pid: number): Promise<string[]> {
  for (let leftMs = BUSY_MS_MAX; leftMs > 0; leftMs -= WINDOW_MS) {
    const before = cpuMs(pid)
    await delay(WINDOW_MS)
    if (cpuMs(pid) - before < IDLE_SHARE * WINDOW_MS) return []
  }
  return [`worked on for ${BUSY_MS_MAX / 1_000} s, for nobody`]
}
