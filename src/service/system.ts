import { randomInt, randomUUIDv7 } from 'node:crypto'
import type { Clock, IdSource, Random } from '../business/ports.ts'

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
  sleep(delayMs, signal) {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, delayMs)
      signal?.addEventListener('abort', wake, { once: true })
    })
  },
}

/** The machine's randomness. */
export const systemRandom: Random = { integer: (min, max) => randomInt(min, max + 1) }

export const systemIds: IdSource = { nextEventId: () => randomUUIDv7() }
