import assert from 'node:assert/strict'
import {
  StoreError,
  type DiscardResult,
  type HandOverResult,
  type KeyedChange,
  type OrderStore,
  type ReserveResult,
  type RetryKeyStore,
  type SchemaIdStore,
  type SettledOrder,
  type SettleResult,
  type TakeOverChoice,
} from '../../src/business/ports.ts'
import type {
  EventPosition,
  OrderEvent,
  PendingEvent,
  RetryKey,
} from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import { assertCount, toEventRow } from '../../src/service/storage/order-row.ts'

/** No instance has this id. */
const NOBODY = ''

interface StoredEvent {
  readonly pending: PendingEvent
  owner: string
  position: EventPosition | undefined
  settledAtMs: number | undefined
}

export interface ModelDatabaseOptions {
  readonly nowMs: () => number
  readonly leaseMs: number
  /** Like SQLite: who joins knows by other means that whoever joined before is dead. */
  readonly isEmbedded: boolean
}

/** A database in memory, with leases by a clock of its own. Each method is one transaction. */
export class ModelDatabase {
  /** Instances that nobody took over from, and until when their leases last. */
  readonly leases = new Map<string, number>()
  /** By order, of which each has one at most; the oldest first. */
  readonly pending = new Map<OrderId, StoredEvent>()
  /** By event id. */
  readonly settled = new Map<string, StoredEvent>()
  readonly orders = new Map<OrderId, SettledOrder>()
  readonly keyed = new Map<string, StoredEvent>()
  readonly schemaIds = new Map<string, number>()
  readonly #nowMs: () => number
  readonly #leaseMs: number
  readonly #isEmbedded: boolean
  #instanceCount = 0

  constructor({ nowMs, leaseMs, isEmbedded }: ModelDatabaseOptions) {
    this.#nowMs = nowMs
    this.#leaseMs = leaseMs
    this.#isEmbedded = isEmbedded
  }

  nextInstanceId(): string {
    this.#instanceCount += 1
    return `00000000-0000-4000-8000-${String(this.#instanceCount).padStart(12, '0')}`
  }

  isLeaseHeld(owner: string): boolean {
    return (this.leases.get(owner) ?? -Infinity) > this.#nowMs()
  }

  join(owner: string): void {
    if (this.#isEmbedded) this.leases.clear()
    this.#extend(owner)
  }

  /** Also a lease that ran out, as long as nobody took over. */
  renew(owner: string): boolean {
    if (!this.leases.has(owner)) return false
    this.#extend(owner)
    return true
  }

  /** What it leaves pending is taken over when its lease has run out. */
  leave(owner: string): void {
    const isOwner = [...this.pending.values()].some((stored) => stored.owner === owner)
    if (!isOwner) this.leases.delete(owner)
  }

  reserve(owner: string, pending: PendingEvent): ReserveResult {
    if (!this.leases.has(owner)) throw new StoreError('taken over from', 'no')
    const { order, version } = pending.event
    const key = pending.retryKey?.idempotencyKey
    if (key !== undefined && this.keyed.has(key)) return 'key-used'
    const settledVersion = this.orders.get(order.orderId)?.version
    if (version === 1 && settledVersion !== undefined) return 'order-exists'
    if (version > 1 && settledVersion === undefined) return 'order-missing'
    if (this.pending.has(order.orderId)) return 'event-pending'
    if (version > 1 && settledVersion !== version - 1) return 'version-moved'
    const stored = { pending, owner, position: undefined, settledAtMs: undefined }
    this.pending.set(order.orderId, stored)
    if (key !== undefined) this.keyed.set(key, stored)
    return 'reserved'
  }

  settle(owner: string, { event }: PendingEvent, position: EventPosition): SettleResult {
    const stored = this.#findOwned(owner, event)
    if (stored === undefined) {
      return this.settled.has(event.eventId) ? 'settled-before' : 'not-owned'
    }
    const { order, version } = stored.pending.event
    assert.equal(this.orders.get(order.orderId)?.version ?? 0, version - 1, 'in order')
    stored.position = position
    stored.settledAtMs = this.#nowMs()
    this.pending.delete(order.orderId)
    this.settled.set(event.eventId, stored)
    this.orders.set(order.orderId, { order, version })
    return 'settled'
  }

  discard(owner: string, { event }: PendingEvent): DiscardResult {
    const stored = this.#findOwned(owner, event)
    if (stored !== undefined) {
      this.pending.delete(event.order.orderId)
      this.keyed.delete(stored.pending.retryKey?.idempotencyKey ?? '')
      return 'discarded'
    }
    return this.#findPending(event) || this.settled.has(event.eventId) ? 'not-owned' : 'absent'
  }

  takeOver(
    owner: string,
    limit: number,
    { expiredForMs, exceptPartitions }: TakeOverChoice,
  ): readonly PendingEvent[] {
    if (!this.leases.has(owner)) return []
    const goneBeforeMs = this.#nowMs() - expiredForMs
    for (const [other, untilMs] of this.leases) {
      if (other !== owner && untilMs < goneBeforeMs) this.leases.delete(other)
    }
    const taken = [...this.pending.values()]
      .filter(
        (stored) =>
          !this.leases.has(stored.owner) && !exceptPartitions.includes(stored.pending.partition),
      )
      .slice(0, limit)
    for (const stored of taken) stored.owner = owner
    return taken.map(({ pending }) => pending)
  }

  handOver(owner: string, events: readonly PendingEvent[]): HandOverResult {
    if (this.#isEmbedded) return 'kept'
    const isAnotherAlive = [...this.leases.keys()].some(
      (other) => other !== owner && this.isLeaseHeld(other),
    )
    if (!isAnotherAlive) return 'kept'
    for (const { event } of events) {
      const stored = this.#findOwned(owner, event)
      if (stored !== undefined) stored.owner = NOBODY
    }
    return 'handed-over'
  }

  findKeyedChange(asked: RetryKey): KeyedChange | 'other-request' | undefined {
    const stored = this.keyed.get(asked.idempotencyKey)
    if (stored?.pending.retryKey === undefined) return undefined
    const { event, retryKey } = stored.pending
    if (retryKey.fingerprint !== asked.fingerprint) return 'other-request'
    const { order, version } = event
    return { order, version, isSettled: stored.position !== undefined }
  }

  forgetKeys(ageMs: number, limit: number): number {
    const isOld = ({ settledAtMs }: StoredEvent): boolean =>
      settledAtMs !== undefined && settledAtMs < this.#nowMs() - ageMs
    const old = [...this.keyed].filter(([, stored]) => isOld(stored)).slice(0, limit)
    for (const [key] of old) this.keyed.delete(key)
    return old.length
  }

  #extend(owner: string): void {
    this.leases.set(owner, this.#nowMs() + this.#leaseMs)
  }

  #findPending({ eventId, order }: OrderEvent): StoredEvent | undefined {
    const stored = this.pending.get(order.orderId)
    return stored?.pending.event.eventId === eventId ? stored : undefined
  }

  #findOwned(owner: string, event: OrderEvent): StoredEvent | undefined {
    const stored = this.#findPending(event)
    return stored?.owner === owner ? stored : undefined
  }
}

/** Does the work of a call in the database, and brings its answer; both may take their time. */
export type CarryOut = <Value>(
  what: string,
  work: () => Value,
  event?: OrderEvent,
) => Promise<Value>

/** One instance's sight of the database. As in the real ones, a call goes by the id at its time. */
export class ModelStore implements OrderStore, RetryKeyStore, SchemaIdStore {
  readonly #database: ModelDatabase
  readonly #carryOut: CarryOut
  #instanceId = ''
  #isClosed = false

  constructor(database: ModelDatabase, carryOut: CarryOut) {
    this.#database = database
    this.#carryOut = (what, work, event) =>
      this.#isClosed ? Promise.reject(new StoreError('closed', 'no')) : carryOut(what, work, event)
  }

  get instanceId(): string {
    return this.#instanceId
  }

  findOrder(orderId: OrderId): Promise<SettledOrder | undefined> {
    return this.#carryOut('find order', () => this.#database.orders.get(orderId))
  }

  async reserve(pending: PendingEvent): Promise<ReserveResult> {
    toEventRow(pending)
    const owner = this.#instanceId
    const work = () => this.#database.reserve(owner, pending)
    return this.#carryOut('reserve', work, pending.event)
  }

  async settle(pending: PendingEvent, position: EventPosition): Promise<SettleResult> {
    assertCount(position.partition, 'partition')
    assertCount(position.offset, 'offset')
    const owner = this.#instanceId
    const work = () => this.#database.settle(owner, pending, position)
    return this.#carryOut('settle', work, pending.event)
  }

  discard(pending: PendingEvent): Promise<DiscardResult> {
    const owner = this.#instanceId
    const work = () => this.#database.discard(owner, pending)
    return this.#carryOut('discard', work, pending.event)
  }

  renewLease(): Promise<boolean> {
    const owner = this.#instanceId
    return this.#carryOut('renew lease', () => this.#database.renew(owner))
  }

  takeOverPending(limit: number, choice: TakeOverChoice): Promise<readonly PendingEvent[]> {
    const owner = this.#instanceId
    return this.#carryOut('take over', () => this.#database.takeOver(owner, limit, choice))
  }

  handOver(pending: readonly PendingEvent[]): Promise<HandOverResult> {
    const owner = this.#instanceId
    return this.#carryOut('hand over', () => this.#database.handOver(owner, pending))
  }

  async join(): Promise<void> {
    const instanceId = this.#database.nextInstanceId()
    await this.#carryOut('join', () => this.#database.join(instanceId))
    this.#instanceId = instanceId
  }

  listPending(limit: number): Promise<readonly PendingEvent[]> {
    return this.#carryOut('list pending', () =>
      [...this.#database.pending.values()].slice(0, limit).map(({ pending }) => pending),
    )
  }

  findKeyedChange(retryKey: RetryKey): Promise<KeyedChange | 'other-request' | undefined> {
    const work = () => this.#database.findKeyedChange(retryKey)
    return this.#carryOut('find keyed change', work)
  }

  forgetKeys(ageMs: number, limit: number): Promise<number> {
    return this.#carryOut('forget keys', () => this.#database.forgetKeys(ageMs, limit))
  }

  probe(): Promise<void> {
    return this.#carryOut('probe', () => {})
  }

  findSchemaId(subject: string, fingerprint: string): Promise<number | undefined> {
    const key = JSON.stringify([subject, fingerprint])
    return this.#carryOut('find schema id', () => this.#database.schemaIds.get(key))
  }

  saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void> {
    const key = JSON.stringify([subject, fingerprint])
    const work = () => void this.#database.schemaIds.set(key, schemaId)
    return this.#carryOut('save schema id', work)
  }

  forgetSchemaId(subject: string, fingerprint: string): Promise<void> {
    const key = JSON.stringify([subject, fingerprint])
    const work = () => void this.#database.schemaIds.delete(key)
    return this.#carryOut('forget schema id', work)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    const owner = this.#instanceId
    const left = this.#carryOut('leave', () => this.#database.leave(owner))
    this.#isClosed = true
    await left
  }
}
