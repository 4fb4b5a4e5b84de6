import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import {
  type Clock,
  type DiscardResult,
  type HandOverResult,
  ignoreStoreError,
  type KeyedChange,
  type OrderReader,
  type OrderStore,
  type ReserveResult,
  type RetryKeyStore,
  type SchemaIdStore,
  type SettledOrder,
  type SettleResult,
  StoreError,
  type TakeOverChoice,
} from '../../business/ports.ts'
import { askAgain } from '../../business/ask-again.ts'
import type { SettledFeed } from '../../business/stream/settled-feed.ts'
import type {
  EventPosition,
  OrderEvent,
  PendingEvent,
  RecordKey,
  RetryKey,
} from '../../models/order-event.ts'
import { isErased, type OrderId } from '../../models/order.ts'
import type { BatchRunner } from './batch-runner.ts'
import type { Arguments, ReadKind, Value } from './operation.ts'
import { OperationQueue } from './operation-queue.ts'
import { OrderSize } from './order-size.ts'
import { assertCount, assertCounts, toEventKey, toEventRow } from './order-row.ts'
import { StoreWatch, type StoreWatchDeps } from './store-watch.ts'

export interface BatchedStoreOptions {
  readonly runner: BatchRunner
  /** For lists, which may take their time: with it changes do not wait for them. */
  readonly reader?: BatchRunner
  /** How long a lease lasts, by the database's clock. */
  readonly leaseMs: number
  /** Lifted when the store is closed, after the runner. */
  readonly lock?: Disposable
  /** Hears how it fares. */
  readonly watch?: StoreWatchDeps
  /** How long a read for a request may wait for its turn, by the watch's clock: nobody waits for it longer. */
  readonly readWaitMs?: number
  /** The maximum number of items of an order that this instance creates. */
  readonly maxItemsPerOrder?: number
}

type Call<K extends ReadKind> = (...args: Arguments<K>) => Promise<Value<K>>

/** Turns calls into operations. The runner carries them out. */
export class BatchedStore
  implements OrderStore, OrderReader, SettledFeed, RetryKeyStore, SchemaIdStore
{
  readonly #runner: BatchRunner
  readonly #queue: OperationQueue
  readonly #reader: BatchRunner | undefined
  readonly #lists: OperationQueue
  readonly #leaseMs: number
  readonly #lock: Disposable | undefined
  readonly #watch: StoreWatch | undefined
  readonly #clock: Clock | undefined
  readonly #readWaitMs: number
  readonly #maxItemsPerOrder: number
  #instanceId = ''
  #closing: Promise<void> | undefined

  readonly size = new OrderSize()

  readonly findSchemaId = this.#read('findSchemaId')
  readonly listPending = this.#list('listPending', (found) => this.#noteEvents(found))
  readonly listOrders = this.#list('listOrders', (found) => this.size.noteOrders(found))
  readonly listEvents = this.#list('listEvents')
  readonly findEvent = this.#list('findEvent', (found) => {
    if (found !== undefined) this.#noteEvents([found])
  })
  readonly findLastPlace = this.#ask('findLastPlace')
  readonly listSettled = this.#ask('listSettled', (found) => this.size.noteOrders(found))
  readonly findRetiredPlace = this.#ask('findRetiredPlace')

  private constructor({
    runner,
    reader,
    leaseMs,
    lock,
    watch,
    readWaitMs = Infinity,
    maxItemsPerOrder = 0,
  }: BatchedStoreOptions) {
    const clock = watch?.clock
    this.#watch = watch && new StoreWatch(watch, () => this.probe())
    this.#runner = this.#watch?.watch(runner) ?? runner
    this.#queue = new OperationQueue(this.#runner, clock, () => this.size.ordersPerBatch)
    this.#reader = reader && (this.#watch?.watchLists(reader) ?? reader)
    this.#lists = this.#reader ? new OperationQueue(this.#reader, clock) : this.#queue
    this.#leaseMs = leaseMs
    this.#lock = lock
    this.#clock = clock
    this.#readWaitMs = readWaitMs
    this.#maxItemsPerOrder = maxItemsPerOrder
  }

  /** Joins as a new instance. Rejects with a StoreError, and closes everything, when a few tries fail. */
  static async open(options: BatchedStoreOptions): Promise<BatchedStore> {
    const store = new BatchedStore(options)
    try {
      await askAgain(() => store.join(), setTimeout)
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  }

  get instanceId(): string {
    return this.#instanceId
  }

  async findOrder(
    orderId: OrderId,
    beginByMs = this.#readByMs(),
  ): Promise<SettledOrder | undefined> {
    const found = await this.#queue.submitBy(beginByMs, 'findOrder', orderId)
    if (found !== undefined) this.size.noteOrders([found])
    return found
  }

  async findKeyedChange(
    retryKey: RetryKey,
    beginByMs = this.#readByMs(),
  ): Promise<KeyedChange | 'other-request' | undefined> {
    const found = await this.#queue.submitBy(beginByMs, 'findKeyedChange', retryKey)
    if (typeof found === 'object') this.size.noteOrders([found])
    return found
  }

  listRecordKeys(orderId: OrderId, beginByMs = this.#readByMs()): Promise<readonly RecordKey[]> {
    return this.#lists.submitBy(beginByMs, 'listRecordKeys', orderId)
  }

  async reserve(pending: PendingEvent, beginByMs = Infinity): Promise<ReserveResult> {
    const row = toEventRow(pending)
    const result = await this.#queue.submitBy(beginByMs, 'reserve', this.#instanceId, row)
    if (result !== 'taken-over-from') return result
    throw new StoreError('Another instance has taken over from this one', 'no')
  }

  async settle(pending: PendingEvent, { partition, offset }: EventPosition): Promise<SettleResult> {
    assertCount(partition, 'partition')
    assertCount(offset, 'offset')
    const position = { partition, offset }
    const kind = isErased(pending.event.order) ? 'settleErasure' : 'settle'
    return this.#queue.submit(kind, this.#instanceId, toEventKey(pending), position)
  }

  async discard(pending: PendingEvent): Promise<DiscardResult> {
    return this.#queue.submit('discard', this.#instanceId, toEventKey(pending))
  }

  renewLease(): Promise<boolean> {
    return this.#queue.submit('renewLease', this.#instanceId, this.#leaseMs)
  }

  async takeOverPending(limit: number, choice: TakeOverChoice): Promise<readonly PendingEvent[]> {
    assertCounts({ limit, choice })
    const taken = await this.#queue.submit('takeOverPending', this.#instanceId, limit, choice)
    this.#noteEvents(taken)
    return taken
  }

  async handOver(pending: readonly PendingEvent[]): Promise<HandOverResult> {
    return this.#queue.submit('handOver', this.#instanceId, pending.map(toEventKey))
  }

  async join(): Promise<void> {
    // A new id for each try: after a failure that may have been applied the earlier one is in use.
    const instanceId = randomUUID()
    const itemsMax = this.#maxItemsPerOrder
    this.size.noteAllowed(await this.#queue.submit('join', instanceId, this.#leaseMs, itemsMax))
    this.#instanceId = instanceId
  }

  async forgetKeys(ageMs: number, limit: number): Promise<number> {
    assertCounts({ limit })
    return this.#queue.submit('forgetKeys', ageMs, limit)
  }

  async probe(): Promise<void> {
    await this.#queue.submit('probe')
  }

  async saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void> {
    assertCounts({ schemaId })
    await this.#queue.submit('saveSchemaId', subject, fingerprint, schemaId)
  }

  async forgetSchemaId(subject: string, fingerprint: string): Promise<void> {
    await this.#queue.submit('forgetSchemaId', subject, fingerprint)
  }

  /** Among the changes. */
  #read<K extends ReadKind>(kind: K): Call<K> {
    return (...args) => submitRead(this.#queue, kind, args, this.#readByMs())
  }

  /** Beside them. `note` hears what was read. */
  #list<K extends ReadKind>(kind: K, note: (found: Value<K>) => void = ignore): Call<K> {
    return (...args) => heard(submitRead(this.#lists, kind, args, this.#readByMs()), note)
  }

  /** Beside them, for the stream, which asks one thing at a time for all its readers. */
  #ask<K extends ReadKind>(kind: K, note: (found: Value<K>) => void = ignore): Call<K> {
    return (...args) => heard(submitRead(this.#lists, kind, args, Infinity), note)
  }

  #noteEvents(found: readonly { readonly event: OrderEvent }[]): void {
    this.size.noteOrders(found.map(({ event }) => event))
  }

  #readByMs(): number {
    return (this.#clock?.monotonicMs() ?? 0) + this.#readWaitMs
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#watch?.close()
    await this.#leave()
    await this.#lists.close()
    await this.#reader?.close()
    await this.#runner.close()
    this.#lock?.[Symbol.dispose]()
  }

  /** Only a courtesy to the other instances, which would wait for the lease to run out. */
  async #leave(): Promise<void> {
    const left = this.#queue.submit('leave', this.#instanceId)
    const closed = this.#queue.close()
    await left.catch(ignoreStoreError)
    await closed
  }
}

function submitRead<K extends ReadKind>(
  queue: OperationQueue,
  kind: K,
  args: Arguments<K>,
  beginByMs: number,
): Promise<Value<K>> {
  try {
    assertCounts(args)
    return queue.submitBy(beginByMs, kind, ...args)
  } catch (error) {
    return Promise.reject(error)
  }
}

async function heard<Found>(read: Promise<Found>, note: (found: Found) => void): Promise<Found> {
  const found = await read
  note(found)
  return found
}

function ignore(): void {}
