import type { ProducerIdentity } from '../../../models/order-event.ts'
import type { LaneEntry } from './entry.ts'
import type { BatchNumbers, LaneInput, NextNumbers } from './state.ts'

export interface SessionFacts {
  /** The lane sends new events as this producer. The same for as long as the session lives. */
  readonly producer: ProducerIdentity
  /** Behind the last record that is replicated. */
  readonly highWatermark: number
}

export interface SessionListener {
  /** An open connection has ended, whoever ended it. */
  readonly onLost: () => void
  /** The broker answers nothing more for so long. */
  readonly onThrottle: (delayMs: number) => void
}

export type SendAnswer = Extract<LaneInput, { readonly kind: 'acked' | 'failed' }>

/** One page of the partition, read for events that may be there. */
export interface LookedPage {
  /** By event id; of an event that is there twice, the lower one. */
  readonly offsets: ReadonlyMap<string, number>
  /** The next page begins here. All below it is replicated and was read. */
  readonly nextOffset: number
  /** Where the leader's log ended, whether replicated or not, when the look began. */
  readonly untilOffset: number
}

/**
 * A lane's way to the leader of its partition: one connection and one producer id, which outlives the
 * connection. Each call rejects where the broker does not answer, or refuses; that proves nothing.
 */
export interface LaneSession {
  /**
   * Makes sure of a connection, a producer id, and of a broker that answers what is asked later. Waits until
   * a request can leave at once.
   */
  open(): Promise<SessionFacts>

  /**
   * Sends them once, in a request that may have batches of other lanes as well. `isFirst`: no request with
   * these events ever left before.
   */
  send(events: readonly LaneEntry[], numbers: BatchNumbers, isFirst: boolean): Promise<SendAnswer>

  /** The numbers that come next of each of these producers. */
  ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]>

  /** Reads from an offset, as much as one answer holds; waits a moment where there is nothing. */
  look(
    events: readonly LaneEntry[],
    fromOffset: number,
    untilOffset: number | undefined,
  ): Promise<LookedPage>

  /** Its connection may hold a late answer: it is not used again. The next `open` makes another one. */
  abandonLeader(): void

  /** Ends what is under way. Idempotent. */
  close(): void
}
