import type {
  EncodedEvent,
  EventPosition,
  OrderEvent,
  OrderEventType,
  PendingEvent,
  PublishedEvent,
  RecordKey,
  RetryKey,
} from '../models/order-event.ts'
import type { Order, OrderId, OrderStatus } from '../models/order.ts'

/** Wall time for what people read, monotonic time for every decision. */
export interface Clock {
  now(): Date
  /** Milliseconds since an arbitrary instant; never goes back. */
  monotonicMs(): number
  /** Runs `task` once after `delayMs`; the returned function takes it back. */
  schedule(delayMs: number, task: () => void): () => void
  /** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number
}

export interface IdSource {
  /** A UUID v7. */
  nextEventId(): string
}

/** An order as its latest settled event left it. */
export interface SettledOrder {
  readonly order: Order
  readonly version: number
}

/** Why a reservation was refused; nothing was written. */
export type ReserveRefusal =
  /** Another event, pending or settled, has the idempotency key. */
  | 'key-used'
  /** A creation, but the order has a settled event. */
  | 'order-exists'
  /** A status change, but the order has no settled event. */
  | 'order-missing'
  /** The order has a pending event. */
  | 'event-pending'
  /** The order's settled version is not the one before the event's. */
  | 'version-moved'

export type ReserveResult = 'reserved' | ReserveRefusal

/** Which orders, newest first by `orderDate`; those of one instant by descending id. */
export interface OrderQuery {
  /** With what the order id begins, character by character. */
  readonly orderIdPrefix?: string
  readonly status?: OrderStatus
  readonly customerId?: string
  /** Created at this instant or later: ISO 8601, UTC. */
  readonly from?: string
  /** Created before this instant: ISO 8601, UTC. */
  readonly to?: string
  /** Only those that come after this one. */
  readonly after?: OrderPlace
  readonly limit: number
}

/** Where an order stands among all orders. It never moves. */
export interface OrderPlace {
  readonly orderDate: string
  readonly orderId: string
}

/** A settled event as its order's history tells it. */
export interface SettledEvent {
  readonly eventId: string
  readonly type: OrderEventType
  readonly version: number
  readonly time: string
  readonly status: OrderStatus
  readonly topic: string
  readonly position: EventPosition
  readonly schemaId: number
}

/** What a request did that came with an idempotency key. */
export interface KeyedChange extends SettledOrder {
  /** False while its event is pending: it may still be discarded. */
  readonly isSettled: boolean
}

/** What became of a pending event when it was to be settled. */
export type SettleResult =
  /** It is a fact now. */
  | 'settled'
  /** It was one before; nothing was changed. */
  | 'settled-before'
  /** It is not this instance's to settle: another one has taken it over, or it was discarded. */
  | 'not-owned'

/** What became of a pending event when it was to be taken back. */
export type DiscardResult =
  /** It was pending, and is gone: its version is free again. */
  | 'discarded'
  /** It is not there: it was never written, or discarded before. */
  | 'absent'
  /** It is there and not this instance's: another one has taken it over, or it is settled. */
  | 'not-owned'

/** `kept`: no other instance has a lease that has not run out, and nothing was changed. */
export type HandOverResult = 'handed-over' | 'kept'

/** Which of the pending events whose owners are gone are taken over. */
export interface TakeOverChoice {
  /** An owner is gone when its lease ran out at least so long ago. */
  readonly expiredForMs: number
  /** Their events are left to the owner that is gone: a later call without them takes them. */
  readonly exceptPartitions: readonly number[]
}

/**
 * Settled orders and all events, durable before a promise resolves: what `reserve`, `settle` and
 * `discard` report survives the death of the process and of the machine.
 *
 * A pending event belongs to one instance, its owner, which alone may publish, settle or discard it.
 * An instance owns under a lease. When the lease has run out, by the store's own clock, another
 * instance may take over what it owned, and then it owns nothing any more.
 *
 * Every method rejects with {@link StoreError} when the store cannot do its work. After
 * `isApplied: 'no'` nothing of the call was written; after `'unknown'` it may have been. It is not
 * written later: nothing of a call takes effect after the answer to a later call of this instance.
 */
export interface OrderStore {
  /** Who this instance is to the store: a UUID, another one after each {@link join}. */
  readonly instanceId: string

  /** The settled state; pending events are invisible here. `beginByMs`: as of {@link reserve}. */
  findOrder(orderId: OrderId, beginByMs?: number): Promise<SettledOrder | undefined>

  /**
   * Stores the event as pending and owned by this instance. At most one pending event per order
   * exists. Rejects, not applied, when this instance was taken over from, and at `beginByMs` of the
   * monotonic clock when the store has not begun with it: it never will.
   */
  reserve(pending: PendingEvent, beginByMs?: number): Promise<ReserveResult>

  /**
   * Makes a pending event of this instance a fact in one transaction: the event gets its position,
   * the order its new state. Repeating it changes nothing.
   */
  settle(pending: PendingEvent, position: EventPosition): Promise<SettleResult>

  /** Takes a pending event of this instance back. */
  discard(pending: PendingEvent): Promise<DiscardResult>

  /** Extends the lease. False when another instance has taken over: nothing is owned any more. */
  renewLease(): Promise<boolean>

  /**
   * Makes this instance the owner of pending events that are nobody's or whose owners are gone,
   * oldest first, at most `limit`, and returns those. An owner that is gone owns nothing any more,
   * whatever the limit. Empty when this instance was itself taken over from.
   */
  takeOverPending(limit: number, choice: TakeOverChoice): Promise<readonly PendingEvent[]>

  /**
   * Gives up these pending events, all or none, so that another instance takes them over. Those that
   * are not this instance's any more are left untouched. Afterwards this instance may not publish,
   * settle or discard them; {@link takeOverPending} may bring them back to it as well.
   */
  handOver(pending: readonly PendingEvent[]): Promise<HandOverResult>

  /**
   * Begins anew, as an instance that owns nothing, with a lease of its own. What the earlier one
   * owned is left to whoever takes it over. An open store has joined once.
   */
  join(): Promise<void>

  /** All pending events, whoever owns them, oldest first, at most `limit`. */
  listPending(limit: number): Promise<readonly PendingEvent[]>

  /** A durable write that changes nothing a reader sees: rejects while the store cannot write. */
  probe(): Promise<void>

  /** Waits for what was called before. Idempotent. */
  close(): Promise<void>
}

/** What is read of settled orders and events. Rejects with {@link StoreError}. */
export interface OrderReader {
  /** As fast among a million orders as among a thousand. */
  listOrders(query: OrderQuery): Promise<readonly SettledOrder[]>

  /** The events of one order by version, those above `afterVersion`, at most `limit`. */
  listEvents(
    orderId: OrderId,
    afterVersion: number,
    limit: number,
  ): Promise<readonly SettledEvent[]>

  /** One settled event, with its bytes. */
  findEvent(orderId: OrderId, version: number): Promise<PublishedEvent | undefined>

  /**
   * Those of all settled events of an order, each once, in no order. `beginByMs`: as of
   * {@link OrderStore.reserve}.
   */
  listRecordKeys(orderId: OrderId, beginByMs?: number): Promise<readonly RecordKey[]>
}

/** Which request caused which event. Rejects with {@link StoreError}. */
export interface RetryKeyStore {
  /**
   * `other-request`: its key came with another fingerprint. The order of that one need not be read.
   * `beginByMs`: as of {@link OrderStore.reserve}.
   */
  findKeyedChange(
    retryKey: RetryKey,
    beginByMs?: number,
  ): Promise<KeyedChange | 'other-request' | undefined>

  /** Takes the keys from events settled more than `ageMs` ago, at most `limit`; returns how many. */
  forgetKeys(ageMs: number, limit: number): Promise<number>
}

/** The schema ids last agreed with the registry, so that the service works while it is away. */
export interface SchemaIdStore {
  /** `fingerprint` is the SHA-256, in hex, of the schema's text. */
  findSchemaId(subject: string, fingerprint: string): Promise<number | undefined>
  saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void>
  /** It is not our schema any more. */
  forgetSchemaId(subject: string, fingerprint: string): Promise<void>
}

export class StoreError extends Error {
  readonly isApplied: 'no' | 'unknown'

  constructor(message: string, isApplied: 'no' | 'unknown', cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreError'
    this.isApplied = isApplied
  }
}

/** For what is done again, or can be done without. */
export function ignoreStoreError(error: unknown): undefined {
  if (error instanceof StoreError) return undefined
  throw error
}

/** Turns an event into the bytes of the topic. */
export interface EventEncoder {
  /** Throws `SCHEMA_REGISTRY_UNAVAILABLE`, not applied, while no schema id is known. */
  encode(event: OrderEvent): EncodedEvent
}

/** The headers that the event has on the topic, in their order. */
export type DescribeHeaders = (event: OrderEvent) => readonly EventHeader[]

export interface EventHeader {
  readonly name: string
  readonly value: string
}
