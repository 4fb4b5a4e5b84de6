import type { PendingEvent, ProducerIdentity } from '../../src/models/order-event.ts'
import type { BatchNumbers } from '../../src/service/kafka/lane/state.ts'
import type { SendAnswer } from '../../src/service/kafka/lane/session.ts'
import { endOf, ModelReplica, type Batch } from './model-replica.ts'
import type { BrokerHappening, Counts } from './tally.ts'
import type { Actor, Step, Timeline } from './timeline.ts'

export const PARTITION_COUNT = 2

/** As far from each other, and from 0, as random ones are: no batch of a schedule gets from one to the next. */
const UNSEEN_SEQUENCE_STEP = 1_000_000

/** A batch is as large as its records; what frames it is left out. */
export interface ProduceRequest {
  readonly numbers: BatchNumbers
  readonly events: readonly PendingEvent[]
  readonly bytes: number
  readonly sender: object
}

/** The cluster: what its brokers do by themselves. */
const CLUSTER: Actor = { name: '==', isAlive: true, isPaused: false }

/** A topic of two partitions, each with a leader and one follower, as Kafka has them. */
export class ModelBroker {
  readonly partitions: readonly ModelPartition[]
  readonly counts: Counts
  /** Produce requests that have left and are not with a broker yet, nor lost. */
  readonly underWay = new Set<ProduceRequest>()
  /** `max.message.bytes` of the topic. */
  batchBytesMax = Infinity
  /** Whether clients have the right to write. */
  isWritingAllowed = true
  /** Whether clients have the right to ask who writes. */
  isDescribingAllowed = true
  /** The topic has `message.timestamp.type=LogAppendTime`: then an ack does not show a repeat. */
  isStamping = false
  /** A connection breaks when it is asked for another page. */
  pagesMax = Infinity
  #producerCount = 0
  #unseenCount = 0

  constructor(timeline: Timeline, counts: Counts) {
    this.counts = counts
    this.partitions = Array.from(
      { length: PARTITION_COUNT },
      (_, partition) => new ModelPartition(this, timeline, partition),
    )
  }

  nextProducer(): ProducerIdentity {
    this.#producerCount += 1
    return { id: this.#producerCount, epoch: 0 }
  }

  /** Where a producer continues that the broker does not know. */
  nextUnseenSequence(): number {
    this.#unseenCount += 1
    return UNSEEN_SEQUENCE_STEP * this.#unseenCount
  }

  count(happening: BrokerHappening): void {
    this.counts[happening] += 1
  }

  /**
   * Forgets the producers of which nothing more is to come, as after a long time: what a forgotten
   * producer's request would do is outside of what is promised.
   */
  expire(pending: Iterable<PendingEvent>): void {
    const ids = [...pending].map(({ producer }) => producer?.id)
    const inUse = new Set([...ids, ...[...this.underWay].map(({ numbers }) => numbers.id)])
    for (const { leader } of this.partitions) {
      for (const id of leader.producerIds) {
        if (inUse.has(id)) continue
        leader.forget(id)
        this.count('expired')
      }
    }
  }

  /** All but the topic's limit. */
  heal(): void {
    this.isWritingAllowed = true
    this.isDescribingAllowed = true
    for (const partition of this.partitions) partition.retireZombie()
  }
}

/** One partition: its leader, the leader before, and what is on its way to the follower. */
export class ModelPartition {
  readonly partition: number
  leader = new ModelReplica(0, [], 0)
  /** The former leader, which does not know yet that it is one. */
  zombie: ModelReplica | undefined
  /** Everything below is on both, and in every log to come. */
  committedEnd = 0
  readonly #broker: ModelBroker
  readonly #timeline: Timeline
  #replication: Step | undefined

  constructor(broker: ModelBroker, timeline: Timeline, partition: number) {
    this.partition = partition
    this.#broker = broker
    this.#timeline = timeline
  }

  /** Every consumer reads this, now or later. */
  committed(): readonly Batch[] {
    return this.leader.batches.filter((batch) => endOf(batch) <= this.committedEnd)
  }

  eventAt(offset: number): PendingEvent | undefined {
    const batch = this.committed().find((it) => it.baseOffset <= offset && offset < endOf(it))
    return batch?.events[offset - batch.baseOffset]
  }

  /** In the order of Kafka: rights, leadership, size, and only then the producer's numbers. */
  produce(
    replica: ModelReplica,
    { numbers, events, bytes, sender }: ProduceRequest,
    answer: (answer: SendAnswer) => void,
  ): void {
    const broker = this.#broker
    const fail = (verdict: 'event-refused' | 'partition-refused' | 'unknown', reason: string) =>
      answer({ kind: 'failed', verdict, reason })
    if (!broker.isWritingAllowed) return fail('partition-refused', 'TOPIC_AUTHORIZATION_FAILED')
    if (!replica.isLeading) return fail('unknown', 'NOT_LEADER_OR_FOLLOWER')
    if (bytes > broker.batchBytesMax) return fail('event-refused', 'MESSAGE_TOO_LARGE')
    const appended = replica.append(numbers, events, sender)
    if (appended.kind === 'contested') {
      broker.count('contested')
      return fail('unknown', appended.reason)
    }
    const { batch, kind } = appended
    if (kind === 'repeat') broker.count('repeat recognised')
    else if (replica !== this.leader) broker.count('zombie appended')
    replica.whenReplicated(endOf(batch), (isReplicated) => {
      if (isReplicated)
        answer({
          kind: 'acked',
          baseOffset: batch.baseOffset,
          isRepeat: kind === 'repeat' && !broker.isStamping,
        })
      else fail('unknown', 'NOT_LEADER_OR_FOLLOWER')
    })
    this.#willReplicate()
  }

  /**
   * A clean election: the new leader has all that is committed, and of the rest as many batches as
   * `keptCount` says. It may not know yet how much is committed.
   */
  elect(keptCount: number, isWatermarkLate: boolean, isZombie: boolean): void {
    const former = this.leader
    const committed = this.committed()
    const more = former.batches.slice(committed.length)
    const kept = more.slice(0, keptCount)
    if (kept.length < more.length) this.#broker.count('truncated')
    const late = committed.at(-1)?.baseOffset ?? 0
    const watermark = isWatermarkLate ? late : this.committedEnd
    this.leader = new ModelReplica(former.epoch + 1, [...committed, ...kept], watermark)
    this.#timeline.tell(
      CLUSTER,
      `partition ${this.partition} has a new leader, log end ${former.end} -> ${this.leader.end}, high watermark ${watermark}${isZombie ? '; the former one lives' : ''}`,
    )
    this.retireZombie()
    if (isZombie) this.zombie = former
    else former.resign()
    if (this.#replication !== undefined) this.#timeline.cancel(this.#replication)
    this.#replication = undefined
    this.#willReplicate()
  }

  retireZombie(): void {
    const { zombie } = this
    this.zombie = undefined
    zombie?.resign()
  }

  /** One step at a time. The log of a former leader never gets anywhere. */
  #willReplicate(): void {
    const replica = this.leader
    if (this.#replication !== undefined || replica.end <= replica.highWatermark) return
    const step: Step = {
      what: `partition ${this.partition} is replicated`,
      place: 'broker',
      actor: CLUSTER,
      run: () => this.#replicate(replica.end),
      fail: (choice) => {
        const [next] = replica.batches.filter((batch) => endOf(batch) > replica.highWatermark)
        this.#timeline.tell(CLUSTER, 'fault: the follower gets one batch')
        this.#replicate(next === undefined || choice % 2 === 0 ? replica.end : endOf(next))
      },
    }
    this.#replication = step
    this.#timeline.add(step)
  }

  #replicate(end: number): void {
    this.#replication = undefined
    this.committedEnd = Math.max(this.committedEnd, end)
    this.leader.replicate(end)
    this.#willReplicate()
  }
}
