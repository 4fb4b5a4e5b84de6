import { randomUUID } from 'node:crypto'

import {
  type DiscardResult,
  type HandOverResult,
  type KeyedChange,
  type OrderQuery,
  type OrderReader,
  type OrderStore,
  type ReserveResult,
  type RetryKeyStore,
  type SchemaIdStore,
  type SettledEvent,
  type SettledOrder,
  type SettleResult,
  StoreError,
  type TakeOverChoice,
} from '../../business/ports.ts'
import type { EventPosition, PendingEvent, PublishedEvent } from '../../models/order-event.ts'
import {
  type EventPlace,
  FIRST_PLACE,
  type PlacedEvent,
  type SettledFeed,
} from '../../business/stream/settled-feed.ts'
import type { OrderId } from '../../models/order.ts'
import type { BatchRunner } from './batch-runner.ts'
import { OperationQueue } from './operation-queue.ts'
import {
  assertCount,
  toEventKey,
  toEventRow,
  toKeyedChange,
  toPendingEvent,
  toPublishedEvent,
  toPlacedEvent,
  toSettledEvent,
  toSettledOrder,
} from './order-row.ts'

export interface BatchedStoreOptions {
  readonly runner: BatchRunner
  /** For lists, which may take their time: with it changes do not wait for them. */
  readonly reader?: BatchRunner
  /** How long a lease lasts, by the database's clock. */
  readonly leaseMs: number
  /** Lifted when the store is closed, after the runner. */
  readonly lock?: Disposable
}

/** Turns calls into operations, and their values back. What they do is the runner's. */
export class BatchedStore
  implements OrderStore, OrderReader, SettledFeed, RetryKeyStore, SchemaIdStore
{
  readonly #runner: BatchRunner
  readonly #queue: OperationQueue
  readonly #reader: BatchRunner | undefined
  readonly #lists: OperationQueue
  readonly #leaseMs: number
  readonly #lock: Disposable | undefined
  #instanceId = ''
  #closing: Promise<void> | undefined

  private constructor({ runner, reader, leaseMs, lock }: BatchedStoreOptions) {
    this.#runner = runner
    this.#queue = new OperationQueue(runner)
    this.#reader = reader
    this.#lists = reader === undefined ? this.#queue : new OperationQueue(reader)
    this.#leaseMs = leaseMs
    this.#lock = lock
  }

  /** Joins as a new instance. Rejects with a StoreError, and closes everything, when it cannot. */
  static async open(options: BatchedStoreOptions): Promise<BatchedStore> {
    const store = new BatchedStore(options)
    try {
      await store.join()
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  }

  get instanceId(): string {
    return this.#instanceId
  }

  async findOrder(orderId: OrderId): Promise<SettledOrder | undefined> {
    const row = await this.#queue.submit({ kind: 'find-order', orderId })
    return row && toSettledOrder(row)
  }

  async listOrders(query: OrderQuery): Promise<readonly SettledOrder[]> {
    assertCount(query.limit, 'limit')
    const rows = await this.#lists.submit({ kind: 'list-orders', query })
    return rows.map(toSettledOrder)
  }

  async listEvents(
    orderId: OrderId,
    afterVersion: number,
    limit: number,
  ): Promise<readonly SettledEvent[]> {
    assertCount(afterVersion, 'afterVersion')
    assertCount(limit, 'limit')
    const operation = { kind: 'list-events', ofOrder: orderId, afterVersion, limit } as const
    const rows = await this.#lists.submit(operation)
    return rows.map(toSettledEvent)
  }

  async findEvent(orderId: OrderId, version: number): Promise<PublishedEvent | undefined> {
    assertCount(version, 'version')
    const row = await this.#lists.submit({ kind: 'find-event', ofOrder: orderId, version })
    return row && toPublishedEvent(row)
  }

  async findLastPlace(): Promise<EventPlace> {
    return (await this.#lists.submit({ kind: 'find-last-place' })) ?? FIRST_PLACE
  }

  async listSettled(after: EventPlace, limit: number): Promise<readonly PlacedEvent[]> {
    assertCount(after.settling, 'settling')
    assertCount(after.arrival, 'arrival')
    assertCount(limit, 'limit')
    const rows = await this.#lists.submit({ kind: 'list-settled', after, limit })
    return rows.map(toPlacedEvent)
  }

  async findKeyedChange(idempotencyKey: string): Promise<KeyedChange | undefined> {
    const row = await this.#queue.submit({ kind: 'find-keyed-change', idempotencyKey })
    return row && toKeyedChange(row)
  }

  async forgetKeys(ageMs: number, limit: number): Promise<number> {
    assertCount(limit, 'limit')
    return this.#queue.submit({ kind: 'forget-keys', ageMs, limit })
  }

  async reserve(pending: PendingEvent): Promise<ReserveResult> {
    const operation = {
      kind: 'reserve',
      owner: this.#instanceId,
      row: toEventRow(pending),
    } as const
    const result = await this.#queue.submit(operation)
    if (result !== 'taken-over-from') return result
    throw new StoreError('Another instance has taken over from this one', 'no')
  }

  async settle(pending: PendingEvent, { partition, offset }: EventPosition): Promise<SettleResult> {
    assertCount(partition, 'partition')
    assertCount(offset, 'offset')
    return this.#queue.submit({
      kind: 'settle',
      owner: this.#instanceId,
      key: toEventKey(pending),
      position: { partition, offset },
    })
  }

  async discard(pending: PendingEvent): Promise<DiscardResult> {
    const key = toEventKey(pending)
    return this.#queue.submit({ kind: 'discard', owner: this.#instanceId, key })
  }

  renewLease(): Promise<boolean> {
    const leaseMs = this.#leaseMs
    return this.#queue.submit({ kind: 'renew-lease', owner: this.#instanceId, leaseMs })
  }

  async takeOverPending(limit: number, choice: TakeOverChoice): Promise<readonly PendingEvent[]> {
    assertCount(limit, 'limit')
    assertCount(choice.expiredForMs, 'expiredForMs')
    const owner = this.#instanceId
    const rows = await this.#queue.submit({ kind: 'take-over', owner, limit, choice })
    return rows.map(toPendingEvent)
  }

  async handOver(pending: readonly PendingEvent[]): Promise<HandOverResult> {
    const keys = pending.map(toEventKey)
    return this.#queue.submit({ kind: 'hand-over', owner: this.#instanceId, keys })
  }

  async join(): Promise<void> {
    // A new id for each try: after a failure that may have been applied the earlier one is in use.
    const instanceId = randomUUID()
    await this.#queue.submit({ kind: 'join', owner: instanceId, leaseMs: this.#leaseMs })
    this.#instanceId = instanceId
  }

  async listPending(limit: number): Promise<readonly PendingEvent[]> {
    assertCount(limit, 'limit')
    const rows = await this.#queue.submit({ kind: 'list-pending', limit })
    return rows.map(toPendingEvent)
  }

  async probe(): Promise<void> {
    await this.#queue.submit({ kind: 'probe' })
  }

  async findSchemaId(subject: string, fingerprint: string): Promise<number | undefined> {
    return this.#queue.submit({ kind: 'find-schema-id', subject, fingerprint })
  }

  async saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void> {
    assertCount(schemaId, 'schemaId')
    await this.#queue.submit({ kind: 'save-schema-id', subject, fingerprint, schemaId })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#leave()
    await this.#lists.close()
    await this.#reader?.close()
    await this.#runner.close()
    this.#lock?.[Symbol.dispose]()
  }

  /** Only a courtesy to the other instances, which would wait for the lease to run out. */
  async #leave(): Promise<void> {
    const left = this.#queue.submit({ kind: 'leave', owner: this.#instanceId })
    const closed = this.#queue.close()
    await left.catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
    await closed
  }
}
