import type { EventPosition, PendingEvent, ProducerIdentity } from '../../models/order-event.ts'

/** The broker has the event, at this position, after every earlier event of the partition. */
export interface Acked {
  readonly kind: 'acked'
  readonly position: EventPosition
}

/** Proven not on the topic, and never will be. */
export interface Refused {
  readonly kind: 'refused'
  /** One sentence for the caller. */
  readonly reason: string
}

/** The deadline passed, or the publisher closed, before a byte of it left: never on the topic. */
export interface Cancelled {
  readonly kind: 'cancelled'
}

/** It left, and the deadline passed without a definite answer. The resolution comes later, if the publisher lives. */
export interface InDoubt {
  readonly kind: 'in-doubt'
  readonly resolution: Promise<Acked | Refused>
}

export type PublishOutcome = Acked | Refused | Cancelled | InDoubt

/** Where a new event would go. */
export interface Admission {
  readonly topic: string
  readonly partition: number
  readonly searchFromOffset: number
  readonly producer: ProducerIdentity
}

export interface EventPublisher {
  /**
   * The gate, asked before anything is stored. Throws a not-applied `KAFKA_UNAVAILABLE` while the
   * topic is not known or the lane of this key is stalled.
   */
  admit(key: Uint8Array): Admission

  /** Publishes a reserved event, by `deadlineMs` of the monotonic clock. Never rejects. */
  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome>

  /**
   * For an event that another process may have sent: looks for it on the topic, publishes it if
   * it is not there. Resolves when it is acked, however long that takes; never rejects.
   */
  recover(pending: PendingEvent): Promise<Acked>
}

/** The questions of the owner of pending events to their sender. */
export interface EventHolder {
  /** Partitions that have not got on for so long, not even on the way to their next end. */
  stuckPartitions(forMs: number): readonly number[]

  /**
   * Nothing more is sent to this partition until {@link resume}. Returns what may have been sent, here or
   * before, and has no definite outcome.
   */
  hold(partition: number): readonly PendingEvent[]
  resume(partition: number): void

  /** Forgets these of what was held: once it resolves, this instance sends none of them any more. */
  letGo(partition: number, held: readonly PendingEvent[]): Promise<void>

  /**
   * Forgets every event that was handed over: once it resolves, none of them is sent any more, and
   * what has not been sent was cancelled. For an instance that owns nothing any more.
   */
  abandon(): Promise<void>
}
