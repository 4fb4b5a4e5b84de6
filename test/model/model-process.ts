import assert from 'node:assert/strict'
import { StoreError, type Clock, type IdSource } from '../../src/business/ports.ts'
import type { ChangeDeps } from '../../src/business/order/change-deps.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import { Lease } from '../../src/business/publication/lease.ts'
import { Ownership } from '../../src/business/publication/ownership.ts'
import type {
  EncodedEvent,
  EventPosition,
  OrderEvent,
  PendingEvent,
} from '../../src/models/order-event.ts'
import { KafkaEventPublisher } from '../../src/service/kafka/event-publisher.ts'
import type { LaneEntry } from '../../src/service/kafka/lane/entry.ts'
import { PARTITION_COUNT, type ModelBroker } from './model-broker.ts'
import { ModelSession, THROTTLE_MS } from './model-session.ts'
import { ModelShared } from './model-shared.ts'
import { ModelStore, type ModelDatabase } from './model-store.ts'
import type { Counts } from './tally.ts'
import type { Actor, Step, Timeline } from './timeline.ts'
import { watchAcks } from './watch-acks.ts'

export const LEASE_MS = 10_000
export const PUBLISH_TIMEOUT_MS = 5_000

export const TOPIC = 'orders'

/** Far above what a schedule has under way. */
const PENDING_EVENTS_MAX = 1_000

/** The look at lanes for health has no part in the protocol, and happens as seldom as it may. */
const LOOK_AT_LANES_EVERY_MS = 5_000

/**
 * The least that a lane sleeps. A sleep may always last longer than was asked for, and without this
 * most steps of a schedule would be those of a lane that finds that it has to sleep again.
 */
const LANE_SLEEP_MS_MIN = 500

/** An order of two items is large. */
const VALUE_BYTES = [100, 400] as const

export interface Surroundings {
  /** Its assertion ends the schedule, wherever it breaks. */
  readonly check: (claim: () => void) => void
  readonly timeline: Timeline
  readonly database: ModelDatabase
  readonly broker: ModelBroker
  readonly ids: IdSource
  readonly counts: Counts
  /** Hears of every Produce request as it leaves. */
  readonly onRequest: (
    process: ModelProcess,
    entries: readonly LaneEntry[],
    producerId: number,
  ) => void
  /** Hears of every event that the publisher says to be on the topic. */
  readonly onAcked: (process: ModelProcess, pending: PendingEvent, position: EventPosition) => void
}

/** One instance of the service from its start to its death: the real business code on model ports. */
export class ModelProcess implements Actor {
  readonly name: string
  readonly store: ModelStore
  readonly publications: Publications
  readonly deps: ChangeDeps
  isAlive = true
  isPaused = false
  /** It takes requests: its start is through, and it is not stopping. */
  isServing = false
  readonly #publisher: KafkaEventPublisher
  readonly #ownership: Ownership
  readonly #timeline: Timeline
  readonly #sessions: ModelSession[] = []
  #lateCount = 0

  constructor(name: string, around: Surroundings) {
    const { timeline, database, broker, ids, counts } = around
    this.name = name
    this.#timeline = timeline
    const clock = timeline.clockOf(this)
    const lease = new Lease(clock, LEASE_MS)
    this.store = new ModelStore(database, (what, work, event) => this.#call(what, work, event))
    // By partition: the newest leader that this instance has heard of.
    const newest = Array.from({ length: PARTITION_COUNT }, () => ({ epoch: 0 }))
    const line = { actor: this, timeline, clock, broker, check: around.check }
    const shared = new ModelShared({ ...line, throttleMs: THROTTLE_MS })
    this.#publisher = new KafkaEventPublisher({
      topic: TOPIC,
      clock: patient(clock),
      askLayout: () => Promise.resolve(LAYOUT),
      lookAtLanesEveryMs: LOOK_AT_LANES_EVERY_MS,
      health: { reportUp: () => {}, reportDegraded: () => {}, reportDown: () => {} },
      mayPublish: () => lease.isHeld,
      onSuspicion: () => {
        counts.suspected += 1
        timeline.tell(this, 'suspects that it was taken over from')
        for (const session of this.#sessions) session.noteSuspicion()
        this.#ownership.suspectTakeOver()
      },
      openSession: (partition, listener) => {
        const session = new ModelSession({
          ...line,
          shared,
          partition: broker.partitions[partition] ?? assert.fail('a partition of the topic'),
          newest: newest[partition] ?? assert.fail('a partition of the topic'),
          listener,
          onRequest: (entries, producerId) => around.onRequest(this, entries, producerId),
        })
        this.#sessions.push(session)
        return session
      },
    })
    this.#publisher.start()
    const publisher = watchAcks(this.#publisher, (pending, position) =>
      around.onAcked(this, pending, position),
    )
    const ports = { store: this.store, publisher, clock }
    this.publications = new Publications(ports)
    this.#ownership = new Ownership({
      store: this.store,
      holder: this.#publisher,
      clock,
      publications: this.publications,
      lease,
      leaseMs: LEASE_MS,
      onLost: () => void (counts.lost += 1),
      onTakenOver: (eventCount) => void (counts['taken over'] += eventCount),
      onHandedOver: (_partition, eventCount) => void (counts['handed over'] += eventCount),
    })
    this.deps = {
      ...ports,
      retryKeys: this.store,
      publications: this.publications,
      lease,
      encoder: { encode },
      random: { integer: (min) => min },
      ids,
      publishTimeoutMs: PUBLISH_TIMEOUT_MS,
      pendingEventsMax: PENDING_EVENTS_MAX,
      statusPolicy: 'any',
      isDraining: () => !this.isServing,
    }
  }

  /** As compose.ts does it: what others left is taken over before the first request. */
  start(onFailure: () => void): void {
    const start = async (): Promise<void> => {
      await this.store.join()
      await this.#ownership.start()
      this.isServing = true
    }
    start().catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
      onFailure()
    })
  }

  /** As compose.ts does it, without the time that it gives to what is under way. */
  async stop(): Promise<void> {
    this.#timeline.tell(this, 'stops')
    this.isServing = false
    await this.#ownership.close()
    this.publications.close()
    await this.#publisher.close()
    assert.equal(this.openSessionCount, 0, 'an instance that has stopped has no session open')
    await this.store.close().catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
  }

  /** Each lane that lives has one. */
  get openSessionCount(): number {
    return this.#sessions.filter(({ isClosed }) => !isClosed).length
  }

  /** The lanes hold so many events. */
  get eventCount(): number {
    return this.#publisher.pendingCount
  }

  /** The lane of that partition knows that the offsets below this one are taken. */
  knownEnd(partition: number): number {
    return this.#sessions.findLast((session) => session.partition === partition)?.knownEnd ?? 0
  }

  die(): void {
    this.isAlive = false
    this.isServing = false
    this.#timeline.tell(this, 'dies')
    this.#timeline.bury(this, 'process')
  }

  /** A call of the database: it arrives, has its effect, and is answered, each in its own time. */
  #call<Value>(what: string, work: () => Value, event?: OrderEvent): Promise<Value> {
    const timeline = this.#timeline
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const answer = (how: string, run: () => void): void =>
      timeline.add({ what: how, place: 'process', actor: this, event, run })
    const place = 'database'
    const step: Step = {
      what,
      place,
      actor: this,
      event,
      isPossible: () => this.#lateCount === 0 || !this.isAlive,
      run: () => {
        const result = attempt(work)
        if (result instanceof StoreError) answer(`${what} failed`, () => reject(result))
        else answer(`${what} answered${inWords(result)}`, () => resolve(result))
      },
      fail: (choice) => {
        const fault = STORE_FAULTS[choice % STORE_FAULTS.length] ?? 'not applied'
        timeline.tell(this, `fault at ${what}, ${fault}`, event)
        if (fault === 'applied') attempt(work)
        if (fault === 'applied later') this.#applyLater(what, work, event)
        const isApplied = fault === 'not applied' ? 'no' : 'unknown'
        answer(`${what} failed`, () => reject(new StoreError(fault, isApplied)))
      },
    }
    timeline.add(step)
    return promise
  }

  /** After it was answered "unknown", and before the next call of this instance has its effect. */
  #applyLater(what: string, work: () => unknown, event: OrderEvent | undefined): void {
    this.#lateCount += 1
    this.#timeline.add({
      what: `${what} (late)`,
      place: 'database',
      actor: this,
      event,
      run: () => {
        this.#lateCount -= 1
        attempt(work)
      },
    })
  }
}

const LAYOUT = {
  topicId: TOPIC,
  partitionCount: PARTITION_COUNT,
  leaders: Array.from({ length: PARTITION_COUNT }, () => undefined),
}

function encode({ order }: OrderEvent): EncodedEvent {
  const value = new Uint8Array(VALUE_BYTES[order.items.length - 1] ?? 0)
  return { key: Buffer.from(order.orderId), value, schemaId: 1 }
}

function patient(clock: Clock): Clock {
  return {
    ...clock,
    sleep: (delayMs, signal) => clock.sleep(Math.max(delayMs, LANE_SLEEP_MS_MIN), signal),
  }
}

/** All but the first are answered "unknown". */
const STORE_FAULTS = ['not applied', 'applied', 'lost', 'applied later'] as const

/** A bug in the model, or a broken invariant of the database, ends the schedule at once. */
function attempt<Value>(work: () => Value): Value | StoreError {
  try {
    return work()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
}

/** For the story. */
function inWords(result: unknown): string {
  if (Array.isArray(result)) return `: ${result.length} events`
  return typeof result === 'string' || typeof result === 'boolean' ? `: ${result}` : ''
}
