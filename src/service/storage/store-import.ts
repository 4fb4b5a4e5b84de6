import type { EventRow } from './order-row.ts'

/** An event as the topic has it: what a settled event of the store is made of. */
export interface ImportedEvent extends Omit<
  EventRow,
  'searchFromOffset' | 'producerId' | 'producerEpoch' | 'idempotencyKey' | 'requestFingerprint'
> {
  readonly offset: number
  /** When the broker says that it was sent: the store that knew better is lost. */
  readonly settledAt: number
}

/** Two events of the topic, or one of the topic and one of the store, that have one version of an order. */
export interface Conflict {
  readonly orderId: string
  readonly version: number
}

/** What completing a store from the topic comes to. */
export interface ImportReport {
  /** Of the topic, and in the store now, by this. */
  readonly importedCount: number
  /** Of these, events that the store had as pending. */
  readonly pendingSettledCount: number
  /** Pending events of an older store that the topic has not: taken out. */
  readonly pendingDroppedCount: number
  /** Of erased orders of which the topic has a tombstone and no event: their ids are not free. */
  readonly takenIdCount: number
  /** All of the store after it. */
  readonly eventCount: number
  readonly orderCount: number
  /** The first of them; where there is one, nothing was changed. */
  readonly conflicts: readonly Conflict[]
  readonly conflictCount: number
}

export interface ImportChoice {
  /** The store is a backup: what is pending in it and not on the topic may have been discarded since. */
  readonly isRestored: boolean
  /** The sum over the partitions of their ends: no store of this topic has settled more events. */
  readonly endSum: number
}

/** Named in a report. */
export const CONFLICTS_NAMED_MAX = 50

/**
 * One transaction on a store that nobody else uses: nothing of it is kept before `commit`. Whatever
 * rejects leaves the store as it was. To be disposed of.
 */
export interface StoreImport extends AsyncDisposable {
  /** By partition of the topic, the offset behind the last event that the store has settled. */
  settledEnds(topic: string): Promise<ReadonlyMap<number, number>>
  /** Events of the topic, in the order of their offsets; of one that is there twice the first counts. */
  stage(events: readonly ImportedEvent[]): Promise<void>
  /** Orders of which the topic has a tombstone. */
  stageTombstones(orderIds: readonly string[]): Promise<void>
  /** To be called once, after everything was staged. */
  complete(choice: ImportChoice): Promise<ImportReport>
  commit(): Promise<void>
}
