import type { PendingEvent } from '../../models/order-event.ts'
import type { TopicFacts } from '../../service/kafka/topic-facts.ts'
import type { Finding } from './judges/finding.ts'
import type { ClockReading } from './judges/judge-clock.ts'

/** The findings of one group of checks, and its facts for a judgement together with others. */
export interface Diagnosis {
  readonly findings: readonly Finding[]
  readonly topic?: TopicFacts | undefined
  readonly clock?: ClockReading | undefined
  /** The oldest of them. */
  readonly pending?: readonly PendingEvent[]
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
