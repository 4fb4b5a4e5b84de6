import { setTimeout as sleep } from 'node:timers/promises'

const pollIntervalMs = 100

export interface WaitOptions {
  readonly timeoutMs: number
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks until the answer is true. Resolves with false when it was not within `timeoutMs`; rejects
 * with the signal's reason when that aborts. One question at a time; each must be bounded itself.
 */
export async function waitUntil(
  condition: () => Promise<boolean>,
  { timeoutMs, signal }: WaitOptions,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs
  while (performance.now() < deadlineMs) {
    signal?.throwIfAborted()
    if (await condition()) return true
    await sleep(pollIntervalMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
  return false
}
