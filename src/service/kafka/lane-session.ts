import { randomInt } from 'node:crypto'
import {
  describeProducersV0,
  initProducerIdV3,
  NumericMap,
  produceV8,
  type Connection,
} from '@platformatic/kafka'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import type { ProducerIdentity } from '../../models/order-event.ts'
import type { KafkaCluster } from './cluster.ts'
import { SEQUENCE_COUNT, sequenceAfter, type BatchNumbers, type LaneBatch } from './lane-batch.ts'
import { TopicReader } from './topic-reader.ts'

const ACKS_ALL = -1

/**
 * The time of an append in its ack where records keep their own dates. A broker that recognises a
 * repeat gives the time of the batch that it has.
 */
const NO_TIMESTAMP = -1n

/** How long the broker may wait for followers, and the whole request may take, before the next try. */
const REPLICATION_TIMEOUT_MS = 1_500
const TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 }

/**
 * Where a producer goes on that the broker does not know: it takes any number then. From here on, by
 * chance, so far from those of a batch that may be on its way that neither follows on the other.
 */
const UNSEEN_SEQUENCE_MIN = 2 ** 30

interface Producer {
  readonly id: bigint
  readonly epoch: number
  readonly nextSequence: number
}

export interface ProduceAck {
  readonly baseOffset: number
  /** The broker has had a batch with these numbers before, of us or of another one, and says where. */
  readonly isRepeat: boolean
}

interface DescribedProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly lastSequence: number
}

/** A lane's connection to the leader of its partition, and the producer id that outlives it. */
export class LaneSession {
  readonly #cluster: KafkaCluster
  readonly #partition: number
  readonly #onLost: () => void
  #connection: Connection | undefined
  #leader: Broker | undefined
  #producer: Producer | undefined
  /** Whether the broker dates all records itself; then an ack does not tell whether it is a repeat. */
  #isTopicStamped: boolean | undefined
  #isClosed = false

  /** `onLost` is called when an open connection ends, whoever ended it. */
  constructor(cluster: KafkaCluster, partition: number, onLost: () => void) {
    this.#cluster = cluster
    this.#partition = partition
    this.#onLost = onLost
  }

  /** What the next events are sent by; undefined where that is not known, or cannot be written down. */
  get producer(): ProducerIdentity | undefined {
    if (this.#producer === undefined) return undefined
    const { id, epoch } = this.#producer
    return Number.isSafeInteger(Number(id)) ? { id: Number(id), epoch } : undefined
  }

  /** Makes sure of a connection and a producer id. Rejects when there is none to be had now. */
  async open(): Promise<TopicReader> {
    const connection = await this.#connect()
    this.#producer ??= await initProducer(connection)
    return new TopicReader(connection, this.#cluster.topic, this.#partition)
  }

  /** What comes next of the lane's own. */
  nextNumbers(): BatchNumbers {
    const { id, epoch, nextSequence } = this.#own()
    return { producerId: id, producerEpoch: epoch, firstSequence: nextSequence }
  }

  /**
   * Asks the broker what comes next of that producer, or of the lane's own. Whoever sends with these
   * numbers first is taken, and no other.
   */
  async askNumbers(identity: ProducerIdentity | undefined): Promise<BatchNumbers> {
    const own = this.#own()
    const { id, epoch } = identity === undefined ? own : { ...identity, id: BigInt(identity.id) }
    const known = await this.#describeProducer(id)
    const numbers = {
      producerId: id,
      producerEpoch: known?.producerEpoch ?? epoch,
      firstSequence:
        known === undefined
          ? randomInt(UNSEEN_SEQUENCE_MIN, SEQUENCE_COUNT)
          : sequenceAfter(known.lastSequence, 1),
    }
    if (id === own.id) this.advance(numbers, 0)
    return numbers
  }

  /** Sends the batch once. A rejection says nothing of what the broker did. */
  async produce({ records, requestsSent }: LaneBatch, numbers: BatchNumbers): Promise<ProduceAck> {
    const { producerId, producerEpoch, firstSequence } = numbers
    const topicPartition = `${this.#cluster.topic}:${this.#partition}`
    const answer = await produceV8.api.async(
      this.#openConnection(),
      ACKS_ALL,
      REPLICATION_TIMEOUT_MS,
      records,
      {
        producerId,
        producerEpoch,
        sequences: new NumericMap([[topicPartition, firstSequence]]),
      },
    )
    if (typeof answer === 'boolean') throw new Error('a Produce request with acks got no answer')
    const ack = answer.responses[0]?.partitionResponses[0]
    if (ack === undefined) throw new Error('a Produce request got no answer for its partition')
    const isStamped = ack.logAppendTimeMs !== NO_TIMESTAMP
    if (requestsSent === 1) this.#isTopicStamped ??= isStamped
    return {
      baseOffset: Number(ack.baseOffset),
      isRepeat: isStamped && this.#isTopicStamped !== true,
    }
  }

  /** The broker has taken so many records of the lane's own with these numbers. */
  advance({ producerId, producerEpoch, firstSequence }: BatchNumbers, count: number): void {
    const nextSequence = sequenceAfter(firstSequence, count)
    this.#producer = { id: producerId, epoch: producerEpoch, nextSequence }
  }

  /** The connection may hold a late answer to an abandoned request: it is not used again. */
  abandonLeader(): void {
    if (this.#leader !== undefined) this.#cluster.suspect(this.#leader)
    this.#drop()
  }

  close(): void {
    this.#isClosed = true
    this.#drop()
  }

  async #connect(): Promise<Connection> {
    if (this.#connection?.isConnected() === true) return this.#connection
    this.#drop()
    this.#leader = await this.#cluster.leaderOf(this.#partition)
    const connection = await connectToBroker(this.#cluster.clientId, this.#leader, TIMEOUTS)
    if (this.#isClosed) {
      dropConnection(connection)
      throw new Error('the lane is closing')
    }
    connection.once('close', this.#onLost)
    this.#connection = connection
    return connection
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

  #own(): Producer {
    if (this.#producer === undefined) throw new Error('no producer id')
    return this.#producer
  }

  /** Undefined: the broker has never had a batch of it, or has forgotten it. */
  async #describeProducer(id: bigint): Promise<DescribedProducer | undefined> {
    const topic = { name: this.#cluster.topic, partitionIndexes: [this.#partition] }
    const answer = await describeProducersV0.api.async(this.#openConnection(), [topic])
    const producers = answer.topics[0]?.partitions[0]?.activeProducers
    if (producers === undefined) throw new Error('the broker does not tell who writes')
    return producers.find(({ producerId }) => producerId === id)
  }
}

async function initProducer(connection: Connection): Promise<Producer> {
  const answer = await initProducerIdV3.api.async(connection, null, 0, -1n, -1)
  return { id: answer.producerId, epoch: answer.producerEpoch, nextSequence: 0 }
}
