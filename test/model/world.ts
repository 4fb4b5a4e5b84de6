import assert from 'node:assert/strict'
import { CommandError } from '../../src/business/errors.ts'
import { changeOrderStatus } from '../../src/business/order/change-order-status.ts'
import type { ChangedOrder } from '../../src/business/order/commands.ts'
import { createOrder } from '../../src/business/order/create-order.ts'
import type { Publication } from '../../src/business/publication/publication.ts'
import type { EventPosition, OrderEvent, RetryKey } from '../../src/models/order-event.ts'
import type { Order, OrderId, OrderStatus } from '../../src/models/order.ts'
import type { LaneEntry } from '../../src/service/kafka/lane/entry.ts'
import { ModelBroker } from './model-broker.ts'
import { LEASE_MS, ModelProcess } from './model-process.ts'
import { ModelDatabase } from './model-store.ts'
import { createTally, type Counts } from './tally.ts'
import { Timeline } from './timeline.ts'

/** `items`: create; `status`: change. A key that comes again says that it is the same request. */
export interface Request {
  readonly orderId: OrderId
  readonly items?: number
  readonly status?: OrderStatus
  readonly idempotencyKey?: string
}

export interface WorldOptions {
  readonly instanceCount: number
  /** Keeps the story. */
  readonly isTold: boolean
  /** Whether each step of a lane is checked, or only what comes of it. */
  readonly isWatched: boolean
}

export interface Exchange {
  readonly request: Request
  /** Carried by the event that this request causes, if it causes one. */
  readonly traceparent: string
  readonly process: ModelProcess
  /** The change that this request repeats: alive and in doubt at the same instance. */
  readonly repeats: OrderEvent | undefined
  /** Of the order, when the request was sent. */
  readonly versionBefore: number
  /** Absent: the process has not answered, and if it is dead it never does. */
  reply?: Order | CommandError
  isReplayed?: boolean
}

const NAMES = ['A', 'B', 'C'] as const

/** After a start that failed; whoever runs the service starts it again. */
const RESTART_DELAY_MS = 1_000

/** Errors that nobody waits for and only our mistake can bring. */
const bugs: unknown[] = []

process.on('unhandledRejection', (bug) => bugs.push(bug))

/** The instances, their database and their topic, and what was said to clients. */
export class World {
  readonly timeline: Timeline
  readonly database: ModelDatabase
  readonly broker: ModelBroker
  readonly exchanges: Exchange[] = []
  readonly processes: ModelProcess[] = []
  readonly counts: Counts = createTally()
  /** The database's clock was set forward: instances that live can be taken over from. */
  isLeaseBroken = false
  #databaseAheadMs = 0
  /** Why the schedule must end: what a reply or a request to the broker broke. */
  #failure: unknown
  /** A single instance has its database in its own process, as with SQLite. */
  readonly #isEmbedded: boolean
  readonly #isWatched: boolean
  #eventCount = 0
  #startCount = 0

  constructor({ instanceCount, isTold, isWatched }: WorldOptions) {
    this.#isWatched = isWatched
    this.timeline = new Timeline(isTold)
    this.#isEmbedded = instanceCount === 1
    this.broker = new ModelBroker(this.timeline, this.counts)
    this.database = new ModelDatabase({
      nowMs: () => this.timeline.nowMs + this.#databaseAheadMs,
      leaseMs: LEASE_MS,
      isEmbedded: this.#isEmbedded,
    })
    for (let slot = 0; slot < instanceCount; slot += 1) this.start(slot)
  }

  /** In the place of one that is dead. */
  start(slot: number): void {
    if (this.processes[slot]?.isAlive === true) return
    this.#startCount += 1
    const name = `${NAMES[slot] ?? '?'}${this.#startCount}`
    const process = new ModelProcess(name, {
      timeline: this.timeline,
      database: this.database,
      broker: this.broker,
      counts: this.counts,
      check: (claim) => {
        if (this.#isWatched) this.#assert(claim)
      },
      ids: { nextEventId: () => `event-${(this.#eventCount += 1)}` },
      onRequest: (sender, entries, producerId) =>
        this.#assert(() => this.#assertInCharge(sender, entries, producerId)),
      onAcked: (sender, { event }, position) =>
        this.#assert(() => this.#assertPlaced(sender, event, position)),
    })
    this.timeline.tell(process, 'starts')
    this.processes[slot] = process
    process.start(() => this.kill(slot, RESTART_DELAY_MS))
  }

  kill(slot: number, forMs: number): void {
    const dead = this.processes[slot]
    dead?.die()
    if (dead !== undefined && this.#isEmbedded) this.timeline.bury(dead, 'database')
    this.timeline.later(forMs, 'starts the next one', () => this.start(slot))
  }

  /** As on SIGTERM: what is under way is left to whoever takes over. */
  stop(slot: number, forMs: number): void {
    void this.processes[slot]?.stop().then(() => this.kill(slot, forMs))
  }

  /** It takes no step, while time and all others go on. */
  pause(process: ModelProcess, forMs: number): void {
    process.isPaused = true
    this.timeline.tell(process, `is paused for ${forMs} ms`)
    this.timeline.later(forMs, `wakes ${process.name}`, () => {
      process.isPaused = false
    })
  }

  jumpDatabaseClock(byMs: number): void {
    if (this.#isEmbedded) return
    this.timeline.tellOfFate(`the clock of the database is set ${byMs} ms forward`)
    this.#databaseAheadMs += byMs
    this.isLeaseBroken = true
    this.counts['lease broken'] += 1
  }

  send(process: ModelProcess, request: Request): void {
    const alive = process.publications.find(request.orderId)
    const isRepeated = alive !== undefined && this.#isRepeated(alive, request, process)
    const exchange: Exchange = {
      request,
      traceparent: `request-${this.exchanges.length + 1}`,
      process,
      repeats: isRepeated ? alive.event : undefined,
      versionBefore: this.database.orders.get(request.orderId)?.version ?? 0,
    }
    this.exchanges.push(exchange)
    this.timeline.tell(process, `is asked by ${exchange.traceparent}: ${JSON.stringify(request)}`)
    this.#ask(exchange).then(
      (changed) => this.#confirm(exchange, changed),
      (error: unknown) => this.#deny(exchange, error),
    )
  }

  /** All that follows from what just happened has happened; throws what it broke. */
  async settleDown(): Promise<void> {
    do {
      // Node.js runs these when no promise is left to go on: no number of turns has to be guessed.
      await new Promise<void>((resolve) => process.nextTick(resolve))
    } while (this.timeline.takeDeferred())
    if (this.#failure !== undefined) throw this.#failure
    if (bugs.length > 0) throw bugs.splice(0)[0]
  }

  /** With a key it is known by the key; without one, if that one is in doubt, by what it asks for. */
  #isRepeated({ event, retryKey }: Publication, request: Request, process: ModelProcess): boolean {
    if (!isChangeOf(event, request)) return false
    const { idempotencyKey } = request
    if (idempotencyKey !== undefined) return retryKey?.idempotencyKey === idempotencyKey
    return this.#isInDoubt(event, process)
  }

  /** Its client was told "unknown", or asked another instance, which is gone. */
  #isInDoubt({ traceparent }: OrderEvent, process: ModelProcess): boolean {
    const first = this.exchanges.find((exchange) => exchange.traceparent === traceparent)
    return first?.process !== process || first.reply !== undefined
  }

  #ask({ request, traceparent, process: { deps } }: Exchange): Promise<ChangedOrder> {
    const { orderId, items = 1, status } = request
    const common = { orderId, traceparent, ...retryKeyOf(request) }
    return status === undefined
      ? createOrder(deps, { ...common, numItems: items })
      : changeOrderStatus(deps, { ...common, status })
  }

  #confirm(exchange: Exchange, { order, isReplayed }: ChangedOrder): void {
    exchange.reply = order
    exchange.isReplayed = isReplayed
    this.timeline.tell(exchange.process, `confirms ${exchange.traceparent}`)
    this.#assert(() => assertRecorded(exchange, order, this))
  }

  #deny(exchange: Exchange, error: unknown): void {
    this.#assert(() => assert.ok(error instanceof CommandError, `a bug: ${String(error)}`))
    if (!(error instanceof CommandError)) return
    exchange.reply = error
    const { code, outcome = '' } = error
    this.timeline.tell(exchange.process, `answers ${exchange.traceparent} ${code} ${outcome}`)
    this.#assert(() => assertReason(exchange, error, this))
  }

  #assertInCharge(sender: ModelProcess, entries: readonly LaneEntry[], producerId: number): void {
    const ids = new Set(entries.map(({ pending }) => pending.event.eventId))
    assert.equal(ids.size, entries.length, 'no event is twice in a batch')
    if (entries.length > 1) this.counts.batched += 1
    for (const { pending } of entries) {
      const { event, producer } = pending
      assert.equal(producerId, producer?.id, `L14: ${event.eventId} is sent as it was stored`)
      if (!this.isLeaseBroken) this.#assertOwned(sender, event)
    }
  }

  /**
   * Also where the store does not take its word, because another instance has taken over. On a topic
   * that dates records itself a lane cannot see that another sender has used its numbers, unless it has
   * read so far: there only the store protects.
   */
  #assertPlaced(sender: ModelProcess, event: OrderEvent, position: EventPosition): void {
    const { partition, offset } = position
    const at = this.broker.partitions[partition]?.eventAt(offset)?.event
    if (at === event) return
    const isHidden = this.isLeaseBroken && this.broker.isStamping
    if (isHidden && offset >= sender.knownEnd(partition)) return
    assert.fail(
      `${sender.name} says that ${event.eventId} is at ${offset}: there is ${at?.eventId}`,
    )
  }

  #assertOwned({ name, store: { instanceId } }: ModelProcess, event: OrderEvent): void {
    assert.ok(this.database.isLeaseHeld(instanceId), `L12: ${name} sends without its lease`)
    const stored = this.database.pending.get(event.order.orderId)
    assert.equal(stored?.pending.event.eventId, event.eventId, 'it sends what is pending')
    assert.equal(stored?.owner, instanceId, `${name} sends what it owns`)
  }

  /** For what breaks inside of a promise of the business code. */
  #assert(check: () => void): void {
    try {
      check()
    } catch (failure) {
      this.#failure ??= failure
    }
  }
}

export function isChangeOf({ type, order }: OrderEvent, request: Request): boolean {
  if (order.orderId !== request.orderId) return false
  return request.status === undefined
    ? type === 'order-created' && order.items.length === request.items
    : type === 'order-status-changed' && order.status === request.status
}

/** As the API does it: the fingerprint is of what was asked for. */
function retryKeyOf({ idempotencyKey, ...asked }: Request): { retryKey?: RetryKey } {
  if (idempotencyKey === undefined) return {}
  return { retryKey: { idempotencyKey, fingerprint: JSON.stringify(asked) } }
}

/** 201 and 200: the event is on the topic, the store knows it, and it is what was asked for. */
function assertRecorded(exchange: Exchange, order: Order, { database, broker }: World): void {
  const stored = [...database.settled.values()].find(({ pending }) => pending.event.order === order)
  assert.ok(stored !== undefined, `${exchange.traceparent} is confirmed and not recorded`)
  const { event } = stored.pending
  const { partition, offset } = stored.position ?? assert.fail('settled without a position')
  const at = broker.partitions[partition]?.eventAt(offset)?.event
  assert.equal(at, event, `${exchange.traceparent} is confirmed, and not on the topic`)
  assert.ok(isChangeOf(event, exchange.request), `${exchange.traceparent} got another's answer`)
  const { idempotencyKey } = exchange.request
  const key = stored.pending.retryKey?.idempotencyKey
  assert.ok(idempotencyKey === undefined || key === idempotencyKey, 'the key belongs to its change')
}

/** What is known to be wrong at once; that nothing comes later of a "no" is seen in the end. */
function assertReason(exchange: Exchange, error: CommandError, { database }: World): void {
  const { traceparent, request, versionBefore } = exchange
  const pending = database.pending.get(request.orderId)?.pending.event
  if (error.outcome !== 'unknown') {
    assert.notEqual(pending?.traceparent, traceparent, `${traceparent}: "no", and it is pending`)
  }
  if (error.code === 'ORDER_NOT_FOUND') {
    assert.equal(versionBefore, 0, `${traceparent}: it exists`)
  }
  if (error.code === 'ORDER_ALREADY_EXISTS') {
    assert.ok(database.orders.has(request.orderId), `${traceparent}: it does not exist`)
  }
}
