import { StoreError, type IdSource } from '../../src/business/ports.ts'
import type { ChangeDeps } from '../../src/business/order/change-deps.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import { Lease } from '../../src/business/publication/lease.ts'
import { Ownership } from '../../src/business/publication/ownership.ts'
import type { OrderEvent, PendingEvent } from '../../src/models/order-event.ts'
import { ModelPublisher } from './model-publisher.ts'
import { ModelStore, type ModelDatabase } from './model-store.ts'
import type { ModelTopic } from './model-topic.ts'
import type { Actor, Step, Timeline } from './timeline.ts'

export const LEASE_MS = 10_000
export const PUBLISH_TIMEOUT_MS = 5_000

const NO_BYTES = new Uint8Array()

export interface Surroundings {
  readonly timeline: Timeline
  readonly database: ModelDatabase
  readonly topic: ModelTopic
  readonly ids: IdSource
  /** Hears of every request to the broker as it leaves. */
  readonly onRequest: (process: ModelProcess, pending: PendingEvent) => void
  readonly onLost: () => void
  readonly onTakenOver: (eventCount: number) => void
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
  readonly #publisher: ModelPublisher
  readonly #ownership: Ownership
  readonly #timeline: Timeline
  #lateCount = 0

  constructor(name: string, around: Surroundings) {
    const { timeline, database, topic, ids } = around
    this.name = name
    this.#timeline = timeline
    const clock = timeline.clockOf(this)
    const lease = new Lease(clock, LEASE_MS)
    this.store = new ModelStore(database, (what, work, event) => this.#call(what, work, event))
    this.#publisher = new ModelPublisher({
      actor: this,
      timeline,
      topic,
      clock,
      mayPublish: () => lease.isHeld,
      onRequest: (pending) => around.onRequest(this, pending),
      onContested: () => this.#ownership.suspectTakeOver(),
      isInCharge: () => database.isLeaseHeld(this.store.instanceId),
    })
    const ports = { store: this.store, publisher: this.#publisher, clock }
    this.publications = new Publications(ports)
    this.#ownership = new Ownership({
      ...ports,
      publications: this.publications,
      lease,
      leaseMs: LEASE_MS,
      onLost: around.onLost,
      onTakenOver: around.onTakenOver,
    })
    this.deps = {
      ...ports,
      retryKeys: this.store,
      publications: this.publications,
      lease,
      encoder: { encode: () => ({ key: NO_BYTES, value: NO_BYTES, schemaId: 1 }) },
      random: { integer: (min) => min },
      ids,
      publishTimeoutMs: PUBLISH_TIMEOUT_MS,
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
    await this.store.close().catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
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
