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
  /** It is a tombstone of this service, of that order. */
  readonly isTombstone?: boolean
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

/** `digest` undefined: its bytes were erased with the customer. */
type KnownEvent = Omit<StoredEvent, 'value'> & { readonly digest: string | undefined }

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
  /** On the topic, and erased from the store with their customer. */
  readonly erasedCount: number
  readonly tombstoneCount: number
  /** Settled events that a compacted topic has dropped for later records of their orders. */
  readonly compactedCount: number
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
  #erasedCount = 0
  #tombstoneCount = 0
  #compactedCount = 0
  /** The first one of each order. */
  readonly #tombstones = new Map<string, EventPosition>()
  readonly #erased = new Set<string>()
  /** Of the settled events of each order. */
  readonly #lastVersions = new Map<string, number>()
  readonly #isCompacted: boolean
  #retired: ReadonlySet<string> = new Set()

  /** `ranges`: by partition. `digestOf` stands for the bytes, of which there may be too many to keep. */
  constructor(
    ranges: readonly OffsetRange[],
    digestOf: (value: Uint8Array) => string,
    isCompacted = false,
  ) {
    this.#ranges = ranges
    this.#digestOf = digestOf
    this.#isCompacted = isCompacted
  }

  addStored({ value, ...event }: StoredEvent): void {
    const digest = value.length === 0 ? undefined : this.#digestOf(value)
    this.#stored.set(event.eventId, { ...event, digest })
    const { position, orderId, version, isErased } = event
    if (isErased) this.#erased.add(orderId)
    // Only then it is needed.
    if (this.#isCompacted && position !== undefined) {
      this.#lastVersions.set(orderId, Math.max(version, this.#lastVersions.get(orderId) ?? 0))
    }
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
    if (record.isTombstone === true && orderId !== undefined) {
      this.#tombstoneCount += 1
      if (!this.#tombstones.has(orderId)) this.#tombstones.set(orderId, position)
      return
    }
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
    if (stored.digest === undefined) this.#erasedCount += 1
    else if (stored.digest !== this.#digestOf(record.value)) this.#note('altered', stored, position)
    this.#checkOrder(stored, position)
  }

  /** Our own records stay within the bounds, but a record beyond them may lie between ours. */
  addUnreadable(position: EventPosition, reason: string): void {
    const nothing = { eventId: undefined, orderId: undefined, version: undefined }
    this.#differences.push({ kind: 'unreadable', ...nothing, position, reason })
  }

  /** To be called once, after everything was added. */
  report(): AuditReport {
    for (const event of this.#stored.values()) this.#checkStored(event)
    for (const [orderId, position] of this.#tombstones) {
      if (this.#retired.has(orderId) || this.#erased.has(orderId)) continue
      const nothing = { eventId: undefined, orderId, version: undefined }
      this.#differences.push({ kind: 'unknown', ...nothing, position })
    }
    return {
      storedCount: this.#stored.size,
      pendingCount: this.#pendingCount,
      topicCount: this.#topicCount,
      expiredCount: this.#expiredCount,
      shortenedCount: this.#shortenedCount,
      retiredCount: this.#retiredCount,
      erasedCount: this.#erasedCount,
      tombstoneCount: this.#tombstoneCount,
      compactedCount: this.#compactedCount,
      differences: this.#differences,
    }
  }

  #checkStored(event: KnownEvent): void {
    const { position, orderId, version } = event
    if (position === undefined || this.#seen.has(event.eventId)) return
    const { first = 0, end = 0 } = this.#ranges[position.partition] ?? {}
    if (position.offset < first || position.offset >= end) return
    const isOld = version < (this.#lastVersions.get(orderId) ?? 0)
    if (this.#isCompacted && (isOld || this.#erased.has(orderId))) this.#compactedCount += 1
    else this.#note('missing', event, position)
  }

  #checkOrder(event: KnownEvent, position: EventPosition): void {
    const { first = 0 } = this.#ranges[position.partition] ?? {}
    const isShortened = first > 0 && event.version > 1 && !this.#latest.has(event.orderId)
    if (isShortened) this.#shortenedCount += 1
    const latest = isShortened ? event.version - 1 : (this.#latest.get(event.orderId) ?? 0)
    if (event.version <= latest) this.#note('out-of-order', event, position)
    // What compaction took is judged by what the store has.
    if (event.version > latest + 1 && !this.#isCompacted) this.#note('gap', event, position)
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
