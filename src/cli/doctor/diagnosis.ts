import type { PendingEvent } from '../../models/order-event.ts'
import type { TopicFacts } from '../../service/kafka/topic-facts.ts'
import type { Finding } from './judges/finding.ts'
import type { ClockReading, MissingReading } from './judges/judge-clock.ts'
import type { KeyEvidence } from './judges/judge-keys.ts'

/** The findings of one group of checks, and its facts for a judgement together with others. */
export interface Diagnosis {
  readonly findings: readonly Finding[]
  readonly topic?: TopicFacts | undefined
  readonly clock?: ClockReading | MissingReading
  readonly keys?: KeyEvidence
  /** The oldest of them. */
  readonly pending?: readonly PendingEvent[]
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
