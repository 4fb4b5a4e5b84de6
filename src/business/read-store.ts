import type { ChangeOutcome } from './errors.ts'
import { StoreError, type Clock } from './ports.ts'
import { storeSilent } from './refusals.ts'

/**
 * Rejects with a 503 when the store does not answer by the deadline, or cannot. Reading changes
 * nothing; `outcome` is what is known of the request without it. The read is this caller's alone: what
 * waits for it goes with it.
 */
export async function readStore<Value>(
  read: Promise<Value>,
  clock: Clock,
  deadlineMs: number,
  outcome: ChangeOutcome = 'not-applied',
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>()
  const cancelDeadline = clock.schedule(Math.max(0, deadlineMs - clock.monotonicMs()), () =>
    reject(storeSilent(outcome)),
  )
  read.then(resolve, (error: unknown) => {
    reject(error instanceof StoreError ? storeSilent(outcome, error) : error)
  })
  try {
    return await promise
  } finally {
    cancelDeadline()
  }
}
