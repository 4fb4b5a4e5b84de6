import type { EventPosition } from '../../models/order-event.ts'
import type { OffsetRange } from '../../service/kafka/topic-ranges.ts'
import type { StoredEvent } from '../../service/storage/store-facts.ts'

/** What stands on the topic. */
export interface TopicEvent {
  /** Undefined where the record carries no `ce_id`. */
  readonly eventId: string | undefined
  /** Undefined where it is none of this service. */
  readonly orderId: string | undefined
  readonly value: Uint8Array
  readonly position: EventPosition
}

/** Each kind of difference, and what it means. */
export const DIFFERENCES = {
  missing: 'settled in the store, and not on the topic',
  unknown: 'on the topic, and not in the store',
  repeated: 'on the topic more than once',
  misplaced: 'on the topic elsewhere than where the store has it',
  altered: 'on the topic with other bytes than in the store',
  'out-of-order': 'on the topic behind a later version of its order',
  gap: 'ahead of it an earlier version of its order is not there',
  unreadable: 'records that are beyond what is read; the place is that of the first',
} as const

export type DifferenceKind = keyof typeof DIFFERENCES

export interface Difference {
  readonly kind: DifferenceKind
  readonly eventId: string | undefined
  readonly orderId: string | undefined
  readonly version: number | undefined
  /** Where it stands on the topic, or should stand. */
  readonly position: EventPosition
  /** Why records are left out. */
  readonly reason?: string
}

type KnownEvent = Omit<StoredEvent, 'value'> & { readonly digest: string }

export interface AuditReport {
  readonly storedCount: number
  readonly pendingCount: number
  readonly topicCount: number
  /** Settled events whose records Kafka has deleted since, as the topic's retention says. */
  readonly expiredCount: number
  /** Orders whose first events are neither on a topic that has lost its beginning nor in a rebuilt store. */
  readonly shortenedCount: number
  /** On the topic, and of retired orders. */
  readonly retiredCount: number
  readonly differences: readonly Difference[]
}

/**
 * Compares the topic with the store. It agrees while the service runs, if the ends of the partitions
 * are taken first and the store is read after that: an event is stored before it is published, so
 * what is on the topic below those ends must be known.
 */
export class Audit {
  readonly #ranges: readonly OffsetRange[]
  readonly #digestOf: (value: Uint8Array) => string
  readonly #stored = new Map<string, KnownEvent>()
  readonly #seen = new Set<string>()
  readonly #latest = new Map<string, number>()
  readonly #differences: Difference[] = []
  #pendingCount = 0
  #topicCount = 0
  #expiredCount = 0
  #shortenedCount = 0
  #retiredCount = 0
  #retired: ReadonlySet<string> = new Set()

  /** `ranges`: by partition. `digestOf` stands for the bytes, of which there may be too many to keep. */
  constructor(ranges: readonly OffsetRange[], digestOf: (value: Uint8Array) => string) {
    this.#ranges = ranges
    this.#digestOf = digestOf
  }

  addStored({ value, ...event }: StoredEvent): void {
    this.#stored.set(event.eventId, { ...event, digest: this.#digestOf(value) })
    const { position, orderId, version } = event
    if (position === undefined) this.#pendingCount += 1
    else if (position.offset < (this.#ranges[position.partition]?.first ?? 0)) {
      this.#expiredCount += 1
      this.#latest.set(orderId, Math.max(version, this.#latest.get(orderId) ?? 0))
    }
  }

  /** The ids of orders that are not stored any more. To be read after what is stored. */
  addRetired(orderIds: ReadonlySet<string>): void {
    this.#retired = orderIds
  }

  /** Records come in the order of their offsets, after all that is stored. */
  addRecord(record: TopicEvent): void {
    this.#topicCount += 1
    const { eventId, orderId, position } = record
    const stored = eventId === undefined ? undefined : this.#stored.get(eventId)
    if (stored === undefined && orderId !== undefined && this.#retired.has(orderId)) {
      this.#retiredCount += 1
      return
    }
    if (stored === undefined) {
      const nothing = { eventId, orderId: undefined, version: undefined }
      this.#differences.push({ kind: 'unknown', ...nothing, position })
      return
    }
    if (this.#seen.has(stored.eventId)) {
      this.#note('repeated', stored, position)
      return
    }
    this.#seen.add(stored.eventId)
    if (stored.position !== undefined && !isSame(stored.position, position)) {
      this.#note('misplaced', stored, position)
    }
    if (stored.digest !== this.#digestOf(record.value)) this.#note('altered', stored, position)
    this.#checkOrder(stored, position)
  }

  /** Our own records stay within the bounds, but a record beyond them may lie between ours. */
  addUnreadable(position: EventPosition, reason: string): void {
    const nothing = { eventId: undefined, orderId: undefined, version: undefined }
    this.#differences.push({ kind: 'unreadable', ...nothing, position, reason })
  }

  /** To be called once, after everything was added. */
  report(): AuditReport {
    for (const event of this.#stored.values()) {
      const { position } = event
      if (position === undefined || this.#seen.has(event.eventId)) continue
      const { first = 0, end = 0 } = this.#ranges[position.partition] ?? {}
      if (position.offset >= first && position.offset < end) this.#note('missing', event, position)
    }
    return {
      storedCount: this.#stored.size,
      pendingCount: this.#pendingCount,
      topicCount: this.#topicCount,
      expiredCount: this.#expiredCount,
      shortenedCount: this.#shortenedCount,
      retiredCount: this.#retiredCount,
      differences: this.#differences,
    }
  }

  #checkOrder(event: KnownEvent, position: EventPosition): void {
    const { first = 0 } = this.#ranges[position.partition] ?? {}
    const isShortened = first > 0 && event.version > 1 && !this.#latest.has(event.orderId)
    if (isShortened) this.#shortenedCount += 1
    const latest = isShortened ? event.version - 1 : (this.#latest.get(event.orderId) ?? 0)
    if (event.version <= latest) this.#note('out-of-order', event, position)
    if (event.version > latest + 1) this.#note('gap', event, position)
    this.#latest.set(event.orderId, Math.max(latest, event.version))
  }

  #note(kind: DifferenceKind, event: KnownEvent, position: EventPosition): void {
    const { eventId, orderId, version } = event
    this.#differences.push({ kind, eventId, orderId, version, position })
  }
}

function isSame(one: EventPosition, other: EventPosition): boolean {
  return one.partition === other.partition && one.offset === other.offset
}
