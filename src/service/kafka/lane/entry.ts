import type { Acked, PublishOutcome, Refused } from '../../../business/ports.ts'
import type { PendingEvent } from '../../../models/order-event.ts'
import { recordBytesMax } from '../record-size.ts'
import type { LaneEvent } from './state.ts'

/** One event in a lane, and who waits for it. */
export interface LaneEntry extends LaneEvent {
  readonly resolve: (outcome: PublishOutcome) => void
  /** Set once its caller was told "in doubt": who waits from then on. */
  doubt: PromiseWithResolvers<Acked | Refused> | undefined
}

export function createEntry(
  pending: PendingEvent,
  deadlineMs: number,
  resolve: (outcome: PublishOutcome) => void,
): LaneEntry {
  const { searchFromOffset } = pending
  const bytes = recordBytesMax(pending)
  return { pending, deadlineMs, searchFromOffset, bytes, resolve, doubt: undefined }
}

/** The definite outcome: for the caller, or for whoever took over when the caller was put in doubt. */
export function resolveDefinite(entry: LaneEntry, outcome: Acked | Refused): void {
  if (entry.doubt === undefined) entry.resolve(outcome)
  else entry.doubt.resolve(outcome)
}

/** Tells the caller that there is no answer yet. Once told, the entry stays in doubt until definite. */
export function putInDoubt(entry: LaneEntry): void {
  if (entry.doubt !== undefined) return
  entry.doubt = Promise.withResolvers<Acked | Refused>()
  entry.resolve({ kind: 'in-doubt', resolution: entry.doubt.promise })
}
