import type {
  DiscardResult,
  HandOverResult,
  OrderReader,
  OrderStore,
  ReserveResult,
  RetryKeyStore,
  SchemaIdStore,
  SettleResult,
  TakeOverChoice,
} from '../../business/ports.ts'
import type { SettledFeed } from '../../business/stream/settled-feed.ts'
import type { EventPosition, PendingEvent, RetryKey } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import type { EventKey, EventRow } from './order-row.ts'

/** The reads of the ports that a database carries out, as they are: a new one is declared in its port. */
export type Reads = Omit<OrderReader, 'listRecordKeys'> &
  SettledFeed &
  Pick<OrderStore, 'listPending'> &
  Pick<SchemaIdStore, 'findSchemaId'> &
  ReadsByDeadline

/** Their deadlines are for the queue. */
interface ReadsByDeadline {
  findOrder(orderId: OrderId): ReturnType<OrderStore['findOrder']>
  findKeyedChange(retryKey: RetryKey): ReturnType<RetryKeyStore['findKeyedChange']>
  listRecordKeys(orderId: OrderId): ReturnType<OrderReader['listRecordKeys']>
}

/** The calls that change the database, or the lease. `owner` is who the instance was when it called. */
export interface Writes {
  /** Orders may have so many items from now on. Returns the most that was ever allowed or imported. */
  join(owner: string, leaseMs: number, itemsMax: number): number
  /** False: taken over from. */
  renewLease(owner: string, leaseMs: number): boolean
  leave(owner: string): true
  reserve(owner: string, row: EventRow): ReserveResult | 'taken-over-from'
  settle(owner: string, key: EventKey, position: EventPosition): SettleResult
  /** Takes the customer out of the order and its earlier events, too, in the same transaction. */
  settleErasure(owner: string, key: EventKey, position: EventPosition): SettleResult
  discard(owner: string, key: EventKey): DiscardResult
  takeOverPending(owner: string, limit: number, choice: TakeOverChoice): readonly PendingEvent[]
  handOver(owner: string, keys: readonly EventKey[]): HandOverResult
  probe(): true
  saveSchemaId(subject: string, fingerprint: string, schemaId: number): true
  forgetSchemaId(subject: string, fingerprint: string): true
  /** How many. */
  forgetKeys(ageMs: number, limit: number): number
}

type Calls = Reads & Writes

export type ReadKind = keyof Reads

export type Kind = keyof Calls

export type Arguments<K extends Kind> = Readonly<Parameters<Calls[K]>>

/** The result of an operation that was carried out. */
export type Value<K extends Kind = Kind> = Awaited<ReturnType<Calls[K]>>

/**
 * A call of the store as plain data, so that it can wait with others for the next batch, and be sent
 * to another thread.
 */
export interface OperationOf<K extends Kind> {
  readonly kind: K
  readonly args: Arguments<K>
}

export type Operation = { [K in Kind]: OperationOf<K> }[Kind]

/** The store could not do its work; becomes a StoreError. */
export interface Failure {
  readonly kind: 'failed'
  readonly message: string
  readonly isApplied: 'no' | 'unknown'
}

export type OperationResult =
  | { readonly kind: 'value'; readonly value: Value }
  | Failure
  /** Our mistake in this one operation; nothing of it was written. */
  | { readonly kind: 'bug'; readonly error: unknown }
