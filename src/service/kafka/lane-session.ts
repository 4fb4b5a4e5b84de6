import { initProducerIdV3, NumericMap, produceV8, type Connection } from '@platformatic/kafka'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import type { KafkaCluster } from './cluster.ts'
import type { LaneBatch } from './lane-batch.ts'
import { TopicReader } from './topic-reader.ts'

const ACKS_ALL = -1

/** How long the broker may wait for followers, and the whole request may take, before the next try. */
const REPLICATION_TIMEOUT_MS = 1_500
const TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 }

/** Sequence numbers go on at 0 after 2^31 - 1. */
const SEQUENCE_COUNT = 2 ** 31

interface Producer {
  readonly id: bigint
  readonly epoch: number
  nextSequence: number
}

/** A lane's connection to the leader of its partition, and the producer id that outlives it. */
export class LaneSession {
  readonly #cluster: KafkaCluster
  readonly #partition: number
  readonly #onLost: () => void
  #connection: Connection | undefined
  #leader: Broker | undefined
  #producer: Producer | undefined
  #isClosed = false

  /** `onLost` is called when an open connection ends, whoever ended it. */
  constructor(cluster: KafkaCluster, partition: number, onLost: () => void) {
    this.#cluster = cluster
    this.#partition = partition
    this.#onLost = onLost
  }

  /** Makes sure of a connection and a producer id. Rejects when there is none to be had now. */
  async open(): Promise<TopicReader> {
    const connection = await this.#connect()
    this.#producer ??= await initProducer(connection)
    return new TopicReader(connection, this.#cluster.topic, this.#partition)
  }

  /**
   * Sends the batch once, under the numbers that come next. The answer is its first offset; after it
   * call {@link advance}. A rejection says nothing of what the broker did.
   */
  async produce(batch: LaneBatch): Promise<number> {
    const { id, epoch, nextSequence } = this.#openProducer()
    const topicPartition = `${this.#cluster.topic}:${this.#partition}`
    const answer = await produceV8.api.async(
      this.#openConnection(),
      ACKS_ALL,
      REPLICATION_TIMEOUT_MS,
      batch.records,
      {
        producerId: id,
        producerEpoch: epoch,
        sequences: new NumericMap([[topicPartition, nextSequence]]),
      },
    )
    if (typeof answer === 'boolean') throw new Error('a Produce request with acks got no answer')
    return Number(answer.responses[0]?.partitionResponses[0]?.baseOffset)
  }

  /** The broker has taken so many events under our numbers. */
  advance(eventCount: number): void {
    const producer = this.#openProducer()
    producer.nextSequence = (producer.nextSequence + eventCount) % SEQUENCE_COUNT
  }

  /** Gives the numbers up: the next {@link open} takes a new producer id. */
  forgetProducer(): void {
    this.#producer = undefined
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

  #openProducer(): Producer {
    if (this.#producer === undefined) throw new Error('no producer id')
    return this.#producer
  }
}

async function initProducer(connection: Connection): Promise<Producer> {
  const answer = await initProducerIdV3.api.async(connection, null, 0, -1n, -1)
  return { id: answer.producerId, epoch: answer.producerEpoch, nextSequence: 0 }
}
