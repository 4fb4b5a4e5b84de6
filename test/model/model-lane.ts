import type {
  Acked,
  PublishOutcome,
  Refused,
} from '../../src/business/publication/publisher-port.ts'
import type { PendingEvent, ProducerIdentity } from '../../src/models/order-event.ts'
import type { ModelTopic } from './model-topic.ts'
import type { Step } from './timeline.ts'

/** What was handed over since the last start of sending, and the producer that admits. */
export interface Lane {
  readonly producer: ProducerIdentity
  readonly entries: Set<Entry>
}

export interface Entry {
  readonly pending: PendingEvent
  readonly lane: Lane
  readonly resolve: (outcome: PublishOutcome) => void
  /** The next thing to do for it: look or send. */
  next: Step | undefined
  /**
   * Requests that ever left with it, here or before: with one it is not cancelled any more, and only
   * a single one's refusal proves anything.
   */
  requestCount: number
  /** It may have been sent by others, so an ack may be another's: it is read back. */
  isContested: boolean
  underWaySinceMs: number | undefined
  doubt: PromiseWithResolvers<Acked | Refused> | undefined
  isOver: boolean
}

export function openLane(topic: ModelTopic): Lane {
  return { producer: topic.nextProducer(), entries: new Set() }
}

/** `requestCount`: how many may have left with it before. */
export function createEntry(
  pending: PendingEvent,
  lane: Lane,
  requestCount: number,
  resolve: Entry['resolve'],
): Entry {
  return {
    pending,
    lane,
    resolve,
    next: undefined,
    requestCount,
    isContested: requestCount > 0,
    underWaySinceMs: undefined,
    doubt: undefined,
    isOver: false,
  }
}
