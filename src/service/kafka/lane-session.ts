import { initProducerIdV3, NumericMap, produceV8, type Connection } from '@platformatic/kafka'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import { TAKE_OVER_EPOCH_MIN, type ProducerIdentity } from '../../models/order-event.ts'
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
  /** Those that events were taken over with. One that was given up is not used again. */
  readonly #takenOver = new Map<string, Producer | 'given-up'>()
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

  /**
   * Sends the batch once, under the numbers that come next. The answer is its first offset; after it
   * call {@link advance}. A rejection says nothing of what the broker did.
   */
  async produce(batch: LaneBatch): Promise<number> {
    const { id, epoch, nextSequence } = this.#producerOf(batch)
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

  /** The broker has taken the batch under its numbers. */
  advance(batch: LaneBatch): void {
    const producer = this.#producerOf(batch)
    producer.nextSequence = (producer.nextSequence + batch.entries.length) % SEQUENCE_COUNT
  }

  /**
   * Gives the numbers of the batch up. The same producer id goes on at the next epoch, so that what is
   * still on its way under the old one is refused by the broker, also when another instance takes over.
   * From a broker that disowns the producer the next {@link open} takes a new id.
   */
  giveUpNumbers({ producer }: LaneBatch, isDisowned: boolean): void {
    if (isTakenOver(producer) && this.#takenOver.get(nameOf(producer)) !== 'given-up') {
      this.#takenOver.set(nameOf(producer), 'given-up')
      return
    }
    const { id = 0n, epoch = -1 } = this.#producer ?? {}
    const isOver = isDisowned || epoch < 0 || epoch + 1 === TAKE_OVER_EPOCH_MIN
    this.#producer = isOver ? undefined : { id, epoch: epoch + 1, nextSequence: 0 }
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

  #producerOf({ producer }: LaneBatch): Producer {
    const takenOver = isTakenOver(producer) ? this.#takeOver(producer) : undefined
    if (takenOver !== undefined) return takenOver
    if (this.#producer === undefined) throw new Error('no producer id')
    return this.#producer
  }

  /** Undefined when it was given up. */
  #takeOver({ id, epoch }: ProducerIdentity): Producer | undefined {
    const name = nameOf({ id, epoch })
    const producer = this.#takenOver.get(name) ?? { id: BigInt(id), epoch, nextSequence: 0 }
    this.#takenOver.set(name, producer)
    return producer === 'given-up' ? undefined : producer
  }
}

/** An event that was taken over without a new epoch, or without a producer, goes by the lane's own. */
function isTakenOver(producer: ProducerIdentity | undefined): producer is ProducerIdentity {
  return producer !== undefined && producer.epoch >= TAKE_OVER_EPOCH_MIN
}

function nameOf({ id, epoch }: ProducerIdentity): string {
  return `${id}/${epoch}`
}

async function initProducer(connection: Connection): Promise<Producer> {
  const answer = await initProducerIdV3.api.async(connection, null, 0, -1n, -1)
  return { id: answer.producerId, epoch: answer.producerEpoch, nextSequence: 0 }
}
