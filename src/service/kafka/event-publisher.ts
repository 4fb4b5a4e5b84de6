import type { DependencyHealth } from '../../business/dependency-health.ts'
import type { LaneView } from '../../business/measures/lane-view.ts'
import type { LaneReport } from '../../business/operations/operations.ts'
import type { Clock } from '../../business/ports.ts'
import type {
  Acked,
  Admission,
  EventHolder,
  EventPublisher,
  PublishOutcome,
} from '../../business/publication/publisher-port.ts'
import { kafkaUnknown, laneClosed } from '../../business/refusals.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { describeError } from './broker-errors.ts'
import type { TopicLayout } from './topic-layout.ts'
import { PartitionLane, type LaneDeps } from './lane/driver.ts'
import type { LaneEntry } from './lane/entry.ts'
import { describeLanes } from './lane/lane-health.ts'
import { partitionOf } from './partitioner.ts'

const LOOK_AT_LANES_EVERY_MS = 200

/** An idle service notices a silent broker, a new leader or a new partition by asking. */
const ASK_CLUSTER_EVERY_MS = 5_000

/** While the cluster does not answer it is asked again soon, then less often. */
const ASK_AGAIN_MS_MAX = 2_000

export interface EventPublisherDeps extends Omit<LaneDeps, 'partition'> {
  /** Makes sure of the topic. Rejects with a sentence while it cannot be had. */
  readonly askLayout: () => Promise<TopicLayout>
  /** How soon health notices a lane that stalls. Absent: a fifth of a second. */
  readonly lookAtLanesEveryMs?: number
  readonly health: Pick<DependencyHealth, 'reportUp' | 'reportDegraded' | 'reportDown'>
}

/** One lane per partition behind the publisher port, and the watch over the cluster. */
export class KafkaEventPublisher implements EventPublisher, EventHolder {
  readonly #deps: EventPublisherDeps
  readonly #clock: Clock
  readonly #lanes = new Map<number, PartitionLane>()
  readonly #closing = new AbortController()
  #layout: TopicLayout | undefined
  #clusterFailure: string | undefined = 'has not answered yet'
  #watching: Promise<unknown> | undefined

  constructor(deps: EventPublisherDeps) {
    this.#deps = deps
    this.#clock = deps.clock
  }

  /** Begins to look for the cluster, for as long as it takes. */
  start(): void {
    this.#watching ??= Promise.all([this.#watchCluster(), this.#watchLanes()])
  }

  admit(key: Uint8Array): Admission {
    if (this.#layout === undefined) throw kafkaUnknown()
    const lane = this.#lane(partitionOf(key, this.#layout.partitionCount))
    const { admission } = lane
    if (!lane.isOpen || admission === undefined) throw laneClosed()
    return admission
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    const lane = this.#lanes.get(pending.partition)
    return lane?.publish(pending, deadlineMs) ?? Promise.resolve({ kind: 'cancelled' })
  }

  recover(pending: PendingEvent): Promise<Acked> {
    const { promise, resolve } = Promise.withResolvers<Acked>()
    this.#lane(this.#homeOf(pending)).recover(pending, resolve)
    return promise
  }

  stuckPartitions(forMs: number): readonly number[] {
    const untilMs = this.#clock.monotonicMs() - forMs
    return [...this.#lanes.values()]
      .filter(({ stuckSinceMs }) => stuckSinceMs !== undefined && stuckSinceMs <= untilMs)
      .map(({ partition }) => partition)
  }

  hold(partition: number): readonly PendingEvent[] {
    const lane = this.#lane(partition)
    lane.isHeld = true
    // An event of a partition that is gone stays here: elsewhere it would come to the same lane.
    return lane.held.filter((pending) => pending.partition === partition)
  }

  resume(partition: number): void {
    const lane = this.#lanes.get(partition)
    if (lane !== undefined) lane.isHeld = false
  }

  async letGo(partition: number, given: readonly PendingEvent[]): Promise<void> {
    const gone = new Set(given.map(({ event }) => event.eventId))
    const kept = await this.#replaceLane(this.#lane(partition))
    for (const entry of kept) if (!gone.has(entry.pending.event.eventId)) this.#adopt(entry)
  }

  async abandon(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => this.#replaceLane(lane)))
  }

  /** Events in all lanes without a definite outcome. */
  get pendingCount(): number {
    let count = 0
    for (const lane of this.#lanes.values()) count += lane.size
    return count
  }

  /** By partition, for the metrics. */
  listLanes(): readonly LaneView[] {
    return Array.from(this.#lanes.values(), ({ partition, stateName, parked }) => ({
      partition,
      state: stateName,
      parkedCount: parked.length,
    }))
  }

  /** What keeps events of each partition from the topic, for those who operate the service. */
  describeLanes(): readonly LaneReport[] {
    return [...this.#lanes.values()].map(({ partition, trouble, parked }) => ({
      partition,
      trouble: trouble ?? this.#clusterFailure,
      parked: parked.map(({ pending, refusal = 'the topic does not take it' }) => ({
        eventId: pending.event.eventId,
        refusal,
      })),
    }))
  }

  /** What is queued is cancelled, what has left stays in doubt. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#lanes.keys()].map((partition) => this.#closeLane(partition)))
    await this.#watching
  }

  #lane(partition: number): PartitionLane {
    return this.#lanes.get(partition) ?? this.#openLane(partition)
  }

  #openLane(partition: number, busySinceMs = this.#clock.monotonicMs()): PartitionLane {
    const lane = new PartitionLane({ ...this.#deps, partition, busySinceMs })
    this.#lanes.set(partition, lane)
    return lane
  }

  /**
   * Resolves with what the lane held, which is in doubt. Its successor is there at once, and as stuck
   * as the lane was, until it gets on.
   */
  #replaceLane(lane: PartitionLane): Promise<readonly LaneEntry[]> {
    this.#openLane(lane.partition, lane.stuckSinceMs)
    return lane.close()
  }

  /** The same without a successor. */
  async #closeLane(partition: number): Promise<readonly LaneEntry[]> {
    const lane = this.#lanes.get(partition)
    this.#lanes.delete(partition)
    return (await lane?.close()) ?? []
  }

  #adopt(entry: LaneEntry): void {
    const home = this.#homeOf(entry.pending)
    this.#lane(home).adopt(
      home === entry.pending.partition ? entry : { ...entry, searchFromOffset: 0 },
    )
  }

  /**
   * A topic that was made anew with fewer partitions has nothing of the old ones: an event of a
   * partition that is gone belongs where its key leads now.
   */
  #homeOf({ partition, encoded }: PendingEvent): number {
    const { partitionCount } = this.#layout ?? { partitionCount: Infinity }
    return partition < partitionCount ? partition : partitionOf(encoded.key, partitionCount)
  }

  async #watchCluster(): Promise<void> {
    let delayMs = LOOK_AT_LANES_EVERY_MS
    while (!this.#closing.signal.aborted) {
      this.#clusterFailure = await this.#askCluster()
      const isAnswered = this.#clusterFailure === undefined
      delayMs = isAnswered ? LOOK_AT_LANES_EVERY_MS : Math.min(delayMs * 2, ASK_AGAIN_MS_MAX)
      const waitMs = isAnswered ? ASK_CLUSTER_EVERY_MS : delayMs
      await this.#clock.sleep(waitMs, this.#closing.signal)
    }
  }

  /** Does not wait for the cluster: brokers that are silent take seconds to ask. */
  async #watchLanes(): Promise<void> {
    const { lookAtLanesEveryMs = LOOK_AT_LANES_EVERY_MS } = this.#deps
    while (!this.#closing.signal.aborted) {
      this.#report()
      await this.#clock.sleep(lookAtLanesEveryMs, this.#closing.signal)
    }
  }

  /** What is wrong, in one sentence; undefined when the cluster answered. */
  async #askCluster(): Promise<string | undefined> {
    try {
      const layout = await this.#deps.askLayout()
      if (this.#closing.signal.aborted) return undefined
      this.#layout = layout
      for (let partition = 0; partition < layout.partitionCount; partition += 1)
        this.#lane(partition)
      await this.#closeGone(layout.partitionCount)
      return undefined
    } catch (error) {
      return describeError(error)
    }
  }

  /** Partitions that the topic has no more. The other lanes take what theirs held. */
  async #closeGone(partitionCount: number): Promise<void> {
    for (const [partition, { isHeld }] of this.#lanes) {
      // A lane that is held may be handed over: its turn is the next time.
      if (partition < partitionCount || isHeld) continue
      for (const entry of await this.#closeLane(partition)) this.#adopt(entry)
    }
  }

  #report(): void {
    const { health } = this.#deps
    const { status, reason } = describeLanes([...this.#lanes.values()], this.#clusterFailure)
    if (status === 'up') health.reportUp('kafka')
    else if (status === 'degraded') health.reportDegraded('kafka', reason)
    else health.reportDown('kafka', reason)
  }
}
