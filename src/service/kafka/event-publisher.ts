import type { DependencyHealth } from '../../business/dependency-health.ts'
import type {
  Acked,
  Admission,
  Clock,
  EventPublisher,
  PublishOutcome,
} from '../../business/ports.ts'
import { kafkaUnknown, laneClosed, tooManyPending } from '../../business/refusals.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { describeError } from './broker-errors.ts'
import type { KafkaCluster } from './cluster.ts'
import { PartitionLane } from './partition-lane.ts'
import { partitionOf } from './partitioner.ts'
import { ensureTopic, type WantedTopic } from './topic-admin.ts'

/** How soon health notices a lane that stalls. */
const LOOK_AT_LANES_EVERY_MS = 200

/** An idle service notices a silent broker, a new leader or a new partition by asking. */
const ASK_CLUSTER_EVERY_MS = 5_000

export interface EventPublisherDeps {
  readonly cluster: KafkaCluster
  readonly topic: WantedTopic
  readonly pendingEventsMax: number
  /** False while this instance may send nothing, because it may have been taken over from. */
  readonly mayPublish: () => boolean
  /** The broker says that another instance may be sending what this one sends. */
  readonly onContested: () => void
  readonly clock: Clock
  readonly health: DependencyHealth
}

/** One lane per partition behind the publisher port, and the watch over the cluster. */
export class KafkaEventPublisher implements EventPublisher {
  readonly #deps: EventPublisherDeps
  readonly #lanes = new Map<number, PartitionLane>()
  readonly #closing = new AbortController()
  #watching: Promise<void> | undefined

  constructor(deps: EventPublisherDeps) {
    this.#deps = deps
  }

  /** Begins to look for the cluster, for as long as it takes. */
  start(): void {
    this.#watching ??= this.#watch()
  }

  admit(key: Uint8Array): Admission {
    const layout = this.#deps.cluster.layout
    if (layout === undefined) throw kafkaUnknown()
    const partition = partitionOf(key, layout.partitionCount)
    const lane = this.#lane(partition)
    const { admission } = lane
    if (!lane.isOpen || admission === undefined) throw laneClosed()
    if (this.pendingCount >= this.#deps.pendingEventsMax) throw tooManyPending()
    return admission
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    // A lane that is made now would never be closed.
    if (this.#closing.signal.aborted) return Promise.resolve({ kind: 'cancelled' })
    return this.#lane(pending.partition).publish(pending, deadlineMs)
  }

  recover(pending: PendingEvent): Promise<Acked> {
    return this.#lane(pending.partition).recover(pending)
  }

  async abandon(): Promise<void> {
    const lanes = [...this.#lanes.values()]
    this.#lanes.clear()
    await Promise.all(lanes.map((lane) => lane.close()))
  }

  /** Events in all lanes without a definite outcome. */
  get pendingCount(): number {
    let count = 0
    for (const lane of this.#lanes.values()) count += lane.size
    return count
  }

  /** What is queued is cancelled, what has left stays in doubt. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.abandon()
    await this.#watching
  }

  #lane(partition: number): PartitionLane {
    let lane = this.#lanes.get(partition)
    if (lane === undefined) {
      const { cluster, clock, mayPublish, onContested } = this.#deps
      lane = new PartitionLane({ cluster, partition, clock, mayPublish, onContested })
      this.#lanes.set(partition, lane)
    }
    return lane
  }

  async #watch(): Promise<void> {
    const { clock } = this.#deps
    let asked: string | undefined = 'has not answered yet'
    let askAgainAtMs = 0
    while (!this.#closing.signal.aborted) {
      if (asked !== undefined || clock.monotonicMs() >= askAgainAtMs) {
        asked = await this.#askCluster()
        askAgainAtMs = clock.monotonicMs() + ASK_CLUSTER_EVERY_MS
      }
      this.#report(asked)
      await clock.sleep(LOOK_AT_LANES_EVERY_MS, this.#closing.signal)
    }
  }

  /** What is wrong, in one sentence; undefined when the cluster answered. */
  async #askCluster(): Promise<string | undefined> {
    try {
      const layout = await ensureTopic(this.#deps.cluster, this.#deps.topic)
      if (this.#closing.signal.aborted) return undefined
      for (let partition = 0; partition < layout.partitionCount; partition += 1)
        this.#lane(partition)
      return undefined
    } catch (error) {
      return describeError(error)
    }
  }

  #report(clusterFailure: string | undefined): void {
    const stalled = [...this.#lanes.values()].find((lane) => !lane.isOpen)
    if (clusterFailure !== undefined) this.#deps.health.reportDown('kafka', clusterFailure)
    else if (stalled !== undefined) {
      const { partition, failure } = stalled
      this.#deps.health.reportDown('kafka', `partition ${partition} takes no events: ${failure}`)
    } else this.#deps.health.reportUp('kafka')
  }
}
