import type {
  Acked,
  PublishOutcome,
  Refused,
} from '../../../business/publication/publisher-port.ts'
import type { PendingEvent } from '../../../models/order-event.ts'
import { recordBytesMax } from '../record-size.ts'

/** One event in a lane, and who waits for it. */
export interface LaneEntry {
  readonly pending: PendingEvent
  /** Monotonic milliseconds; Infinity for an event that nobody waits for. */
  readonly deadlineMs: number
  /** If the event is on the topic, its offset is this one or a higher one. */
  readonly searchFromOffset: number
  /** Of its record, on the topic. */
  readonly bytes: number
  /** Why the topic did not take it alone when it was last tried. */
  readonly refusal?: string
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

/** They are on the topic, one behind the other from this offset on. */
export function ackAll(entries: readonly LaneEntry[], partition: number, baseOffset: number): void {
  entries.forEach((entry, index) =>
    resolveDefinite(entry, { kind: 'acked', position: { partition, offset: baseOffset + index } }),
  )
}

/** They are not on the topic and never will be. */
export function refuseAll(entries: readonly LaneEntry[], reason: string): void {
  for (const entry of entries) resolveDefinite(entry, { kind: 'refused', reason })
}

/** Of those who still wait for an answer; Infinity where nobody does. */
export function earliestDeadline(entries: readonly LaneEntry[]): number {
  return entries.reduce(
    (min, { deadlineMs, doubt }) => (doubt === undefined ? Math.min(min, deadlineMs) : min),
    Infinity,
  )
}
