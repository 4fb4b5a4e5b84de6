import { randomInt } from 'node:crypto'
import {
  describeProducersV0,
  initProducerIdV3,
  NumericMap,
  produceV8,
  type Connection,
} from '@platformatic/kafka'
import type { Clock } from '../../../business/ports.ts'
import type { ProducerIdentity } from '../../../models/order-event.ts'
import { connectToBroker, dropConnection } from '../broker-connection.ts'
import { describeError, readProduceFailure } from '../broker-errors.ts'
import type { KafkaCluster } from '../cluster.ts'
import type { PartitionLeader } from '../topic-layout.ts'
import { readEventId } from '../event-headers.ts'
import { TopicReader } from '../topic-reader.ts'
import { SEQUENCE_COUNT, sequenceAfter } from './batch-size.ts'
import type { LaneEntry } from './entry.ts'
import { createRecords } from './records.ts'
import type {
  LaneSession,
  LookedPage,
  SendAnswer,
  SessionFacts,
  SessionListener,
} from './session.ts'
import type { BatchNumbers, NextNumbers } from './state.ts'

const ACKS_ALL = -1

/**
 * The time of an append in its ack where records keep their own dates. A broker that recognises a
 * repeat gives the time of the batch that it has.
 */
const NO_TIMESTAMP = -1n

/**
 * So many first requests in a row are no repeats: then the broker dates all records itself
 * (`LogAppendTime`), and an ack does not say whether it is a repeat.
 */
const STAMPED_TOPIC_ACKS = 3

/** How long the broker may wait for followers, and the whole request may take, before the next try. */
const REPLICATION_TIMEOUT_MS = 1_500
const TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 }

/** A broker throttles for as long as its quotas look back: 11 seconds by default. */
const THROTTLE_MS_MAX = 30_000

/** A slow link carries this much within the time of a request. */
const LOOK_BYTES_MAX = 256 * 1024

/**
 * Where a producer continues that the broker does not know: it takes any number then. From here on, a
 * random one is so far from those of a batch that may be on its way that neither follows on the other.
 */
const UNSEEN_SEQUENCE_MIN = 2 ** 30

export interface KafkaSessionDeps extends SessionListener {
  readonly cluster: KafkaCluster
  readonly partition: number
  readonly clock: Pick<Clock, 'now' | 'monotonicMs' | 'sleep'>
}

export class KafkaLaneSession implements LaneSession {
  readonly #deps: KafkaSessionDeps
  #connection: Connection | undefined
  #leader: PartitionLeader | undefined
  #facts: SessionFacts | undefined
  /** First requests whose acks had a time, one after the other. */
  #stampedInRow = 0
  #mutedUntilMs = -Infinity
  readonly #closing = new AbortController()

  constructor(deps: KafkaSessionDeps) {
    this.#deps = deps
  }

  async open(): Promise<SessionFacts> {
    if (this.#connection?.isConnected() === true && this.#facts !== undefined) return this.#facts
    await this.#connect()
    // A doubt needs this answer: it is asked for now, and not first in an incident.
    await this.#describeProducers()
    this.#stampedInRow = 0
    await this.#untilHeard()
    const producer = this.#facts?.producer ?? (await this.#initProducer())
    await this.#untilHeard()
    this.#facts = { producer, highWatermark: await this.#reader().highWatermark() }
    return this.#facts
  }

  async send(
    entries: readonly LaneEntry[],
    { id, epoch, firstSequence }: BatchNumbers,
    isFirst: boolean,
  ): Promise<SendAnswer> {
    const { cluster, partition, clock } = this.#deps
    const place = { topic: cluster.topic, partition }
    const records = createRecords(place, entries, isFirst, clock.now())
    try {
      const answer = await produceV8.api.async(
        this.#openConnection(),
        ACKS_ALL,
        REPLICATION_TIMEOUT_MS,
        records,
        {
          producerId: BigInt(id),
          producerEpoch: epoch,
          sequences: new NumericMap([[`${cluster.topic}:${partition}`, firstSequence]]),
        },
      )
      if (typeof answer === 'boolean') throw new Error('a Produce request with acks got no answer')
      this.#heed(answer)
      const ack = answer.responses[0]?.partitionResponses[0]
      if (ack === undefined) throw new Error('a Produce request got no answer for its partition')
      const isStamped = ack.logAppendTimeMs !== NO_TIMESTAMP
      if (isFirst) this.#stampedInRow = isStamped ? this.#stampedInRow + 1 : 0
      const isRepeat = isStamped && this.#stampedInRow < STAMPED_TOPIC_ACKS
      return { kind: 'acked', baseOffset: Number(ack.baseOffset), isRepeat }
    } catch (error) {
      const { throttleTimeMs, verdict, reason } = readProduceFailure(error)
      this.#heed({ throttleTimeMs })
      return { kind: 'failed', verdict, reason }
    }
  }

  async ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]> {
    const active = await this.#describeProducers()
    return producers.map(({ id, epoch }) => {
      const known = active.find(({ producerId }) => producerId === BigInt(id))
      return known === undefined
        ? {
            id,
            epoch,
            firstSequence: randomInt(UNSEEN_SEQUENCE_MIN, SEQUENCE_COUNT),
            isKnown: false,
          }
        : {
            id,
            epoch: known.producerEpoch,
            firstSequence: sequenceAfter(known.lastSequence, 1),
            isKnown: true,
          }
    })
  }

  async look(
    entries: readonly LaneEntry[],
    fromOffset: number,
    knownUntilOffset: number | undefined,
  ): Promise<LookedPage> {
    const reader = this.#reader()
    // As the leader has it: a record that is not replicated yet must not be missed.
    const untilOffset = knownUntilOffset ?? (await reader.endOffset())
    await this.#untilHeard()
    const offset =
      knownUntilOffset === undefined
        ? await reader.firstReadable(fromOffset, untilOffset)
        : fromOffset
    await this.#untilHeard()
    const offsets = new Map<string, number>()
    if (offset >= untilOffset) return { offsets, nextOffset: offset, untilOffset }
    const wanted = new Set(entries.map(({ pending }) => pending.event.eventId))
    const { records, nextOffset } = await reader.fetch(offset)
    for (const { offset: found, record } of records) {
      const eventId = readEventId(record.headers)
      if (eventId !== undefined && wanted.delete(eventId)) offsets.set(eventId, found)
    }
    return { offsets, nextOffset, untilOffset }
  }

  abandonLeader(): void {
    if (this.#leader !== undefined) this.#deps.cluster.suspect(this.#leader.broker)
    this.#drop()
  }

  close(): void {
    this.#closing.abort()
    this.#drop()
  }

  async #connect(): Promise<void> {
    const { cluster, partition, onLost } = this.#deps
    this.#drop()
    this.#leader = await cluster.leaderOf(partition)
    const connection = await connectToBroker(
      cluster.clientId,
      this.#leader.broker,
      TIMEOUTS,
      cluster.access,
    )
    if (this.#closing.signal.aborted) {
      dropConnection(connection)
      throw new Error('the lane is closing')
    }
    this.#mutedUntilMs = -Infinity
    connection.once('close', onLost)
    this.#connection = connection
  }

  #drop(): void {
    if (this.#connection !== undefined) dropConnection(this.#connection)
    this.#connection = undefined
    this.#leader = undefined
  }

  #openConnection(): Connection {
    if (this.#connection === undefined) throw new Error('not connected')
    return this.#connection
  }

  #reader(): TopicReader {
    const { cluster, partition } = this.#deps
    return new TopicReader(this.#openConnection(), cluster.topic, partition, {
      // A broker that leads no more, or does not know yet that it leads, says so.
      leaderEpoch: this.#leader?.epoch,
      fetchBytesMax: LOOK_BYTES_MAX,
      onAnswer: (answer) => this.#heed(answer),
    })
  }

  /** It answers at once and then is silent: the next request would only run into its time-out. */
  #heed({ throttleTimeMs }: { readonly throttleTimeMs: number }): void {
    if (throttleTimeMs <= 0) return
    const mutedMs = Math.min(throttleTimeMs, THROTTLE_MS_MAX)
    this.#mutedUntilMs = this.#deps.clock.monotonicMs() + mutedMs
    this.#deps.onThrottle(mutedMs)
  }

  /** Between two requests of one call; the lane itself waits between calls. */
  async #untilHeard(): Promise<void> {
    const { clock } = this.#deps
    const mutedMs = this.#mutedUntilMs - clock.monotonicMs()
    if (mutedMs > 0) await clock.sleep(mutedMs, this.#closing.signal)
  }

  /** Those that the broker remembers; of any other it has no batch, or has forgotten it. */
  async #describeProducers() {
    const { cluster, partition } = this.#deps
    const topic = { name: cluster.topic, partitionIndexes: [partition] }
    const answer = await describeProducersV0.api
      .async(this.#openConnection(), [topic])
      .catch((error: unknown) => {
        throw new Error(`DescribeProducers: ${describeError(error)}`, { cause: error })
      })
    this.#heed(answer)
    const producers = answer.topics[0]?.partitions[0]?.activeProducers
    if (producers === undefined) throw new Error('the broker does not say who writes')
    return producers
  }

  async #initProducer(): Promise<ProducerIdentity> {
    const answer = await initProducerIdV3.api.async(this.#openConnection(), null, 0, -1n, -1)
    this.#heed(answer)
    const id = Number(answer.producerId)
    if (!Number.isSafeInteger(id)) throw new Error(`producer id ${answer.producerId} is too large`)
    return { id, epoch: answer.producerEpoch }
  }
}
