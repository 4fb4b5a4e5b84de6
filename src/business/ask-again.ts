import { StoreError } from './ports.ts'

/**
 * How often a start asks its store. By a short lease the store has little time for an answer, and on a busy
 * machine it may need more; no request waits for a start.
 */
const TRIES_MAX = 3

/** Longer than a connection that failed refuses to be made again. */
const PAUSE_MS = 500

/** What `ask` resolves with, or the StoreError of its last try. */
export async function askAgain<Answer>(
  ask: () => Promise<Answer>,
  sleep: (delayMs: number) => Promise<unknown>,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof StoreError) || tries === TRIES_MAX) throw error
    }
    await sleep(PAUSE_MS)
  }
}
