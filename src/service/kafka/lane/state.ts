/** The knowledge of a lane, its inputs and its effects. The rules are in rules.ts. */
import type { ProducerIdentity } from '../../../models/order-event.ts'
import type { LaneEntry } from './entry.ts'

/** The broker orders the batches of one producer in one partition by this. */
export interface BatchNumbers extends ProducerIdentity {
  /** Sequence number of the first record. */
  readonly firstSequence: number
}

/** The numbers that come next of one producer, as the broker answered. */
export interface NextNumbers extends BatchNumbers {
  /** False: the broker has no batch of it, or forgot it. Then it takes any number, and this is a random one. */
  readonly isKnown: boolean
}

/**
 * A request of this lane: it may still arrive, until the broker has taken its numbers. Without events:
 * none has these numbers.
 */
export interface Attempt {
  readonly numbers: BatchNumbers
  readonly events: readonly LaneEntry[]
}

/** Events that may have left, here or elsewhere, and are not yet known to be on the topic. */
export interface Doubt {
  readonly events: readonly LaneEntry[]
  /** None of them is on the topic below this offset. */
  readonly searchFromOffset: number
  /** No more of them go into one batch: larger batches were refused, or not answered. */
  readonly batchEventsMax: number
  /** Own requests whose numbers may still be free. By these an unknown sender shows. */
  readonly attempts: ReadonlyArray<Attempt>
}

export type Station =
  /** Nothing is under way. */
  | { readonly kind: 'idle' }
  /** The first request with these events is under way. */
  | {
      readonly kind: 'sent'
      readonly events: readonly LaneEntry[]
      readonly numbers: BatchNumbers
    }
  /** The broker was asked which numbers come next. */
  | { readonly kind: 'asking'; readonly doubt: Doubt }
  /** The topic is being read, up to where it ended after the broker had said the numbers. */
  | {
      readonly kind: 'looking'
      readonly doubt: Doubt
      readonly numbers: readonly NextNumbers[]
      /** Undefined until the first page says it. */
      readonly untilOffset: number | undefined
      /** Pages without a record, one after the other. */
      readonly emptyPages: number
    }
  /** The missing events are sent, a batch of each producer; the first of these is under way. */
  | {
      readonly kind: 'resending'
      readonly doubt: Doubt
      readonly attempts: readonly [Attempt, ...Array<Attempt>]
    }

export interface LaneState {
  readonly station: Station
  /** The lane sends new events with this. */
  readonly own: BatchNumbers
  /** A request with an event that is parked may still arrive, and take the number that comes next. */
  readonly mayBeTaken: boolean
  /** The highest offset that is known to be taken and replicated; -1 in an empty partition. */
  readonly lastOffset: number
  /** Callers whose deadline is not later were answered "in doubt". */
  readonly doubtedUntilMs: number
  /** The next events go in batches of this size, because a larger batch was refused. */
  readonly narrow: { readonly batchEventsMax: number; readonly eventsLeft: number } | undefined
  /** Events that the topic does not take alone. They are in doubt, and hold up nobody. */
  readonly parked: readonly LaneEntry[]
}

/**
 * The proof in the answer to a Produce request.
 *
 * `event-refused`, `partition-refused`: the broker says so before it appends, so this request did not
 * put the batch on the topic. The one is about what the batch holds, so that another batch may be
 * taken; the other is about everything that is sent now.
 * `unknown`: anything may have happened. Also where the broker contests the numbers.
 */
export type ProduceVerdict = 'event-refused' | 'partition-refused' | 'unknown'

export type LaneInput =
  /** New events, out of the queue; the lane is idle. */
  | { readonly kind: 'taken'; readonly events: readonly LaneEntry[] }
  /** Events that another process may have sent; the lane is idle. */
  | { readonly kind: 'taken-over'; readonly events: readonly LaneEntry[] }
  /** It is time to try what is parked again, all of it or some; the lane is idle. */
  | { readonly kind: 'parked-due'; readonly isAll: boolean }
  | { readonly kind: 'acked'; readonly baseOffset: number; readonly isRepeat: boolean }
  | {
      readonly kind: 'failed'
      readonly verdict: ProduceVerdict
      /** One sentence for people. */
      readonly reason: string
    }
  | { readonly kind: 'numbers'; readonly next: readonly NextNumbers[] }
  | {
      readonly kind: 'looked'
      /** By event id, of the events that were looked for. */
      readonly offsets: ReadonlyMap<string, number>
      /** The next page begins here: everything below is replicated and was read. */
      readonly nextOffset: number
      /** Where the leader's log ended when the look began. */
      readonly untilOffset: number
    }
  | { readonly kind: 'deadline-passed'; readonly nowMs: number }

export type LaneEffect =
  /** `isFirst`: no request with these events ever left before. */
  | {
      readonly kind: 'send'
      readonly events: readonly LaneEntry[]
      readonly numbers: BatchNumbers
      readonly isFirst: boolean
    }
  /** Ask the broker for the next numbers of these producers, and of no other. */
  | { readonly kind: 'ask'; readonly producers: readonly ProducerIdentity[] }
  /** Read one page. `untilOffset` undefined: first ask where the leader's log ends. */
  | {
      readonly kind: 'look'
      readonly events: readonly LaneEntry[]
      readonly fromOffset: number
      readonly untilOffset: number | undefined
    }
  | { readonly kind: 'back-off'; readonly reason: string }
  /** They are on the topic, one behind the other from this offset on. */
  | { readonly kind: 'ack'; readonly events: readonly LaneEntry[]; readonly baseOffset: number }
  /** They are not on the topic and never will be. */
  | { readonly kind: 'refuse'; readonly events: readonly LaneEntry[]; readonly reason: string }
  /** The partition refuses whatever is sent now. */
  | { readonly kind: 'report-refusal'; readonly reason: string }
  /** Back to the front of the queue: not a byte of them is on the topic. */
  | { readonly kind: 'requeue'; readonly events: readonly LaneEntry[] }
  | { readonly kind: 'put-in-doubt'; readonly events: readonly LaneEntry[] }
  /** Somebody else sends with the lane's numbers: ask the store who owns what. */
  | { readonly kind: 'suspect-takeover' }

export interface Decision {
  readonly state: LaneState
  /** In this order. At most one is a request (send, ask, look), and it is the last. */
  readonly effects: ReadonlyArray<LaneEffect>
}
