import { metadataV10, ResponseError, type Connection } from '@platformatic/kafka'
import { describeError, errorName } from './broker-errors.ts'
import { PLAIN_ACCESS, type BrokerAccess } from './broker-access.ts'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import { newestLayout, type PartitionLeader, type TopicLayout } from './topic-layout.ts'

/**
 * A leader election or the loss of a broker is noticed within this: early enough that a change which
 * waits PUBLISH_TIMEOUT_MS (5 s by default) is still sent to the new leader.
 */
const METADATA_TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 1_500 }

/** Each has a lane, and while it is not well a connection. */
const PARTITIONS_MAX = 10_000

const TOPIC_MISSING = 'UNKNOWN_TOPIC_OR_PARTITION'

type MetadataAnswer = Awaited<ReturnType<typeof metadataV10.api.async>>

export class TopicMissingError extends Error {
  constructor(topic: string) {
    super(`topic ${topic} does not exist`)
    this.name = 'TopicMissingError'
  }
}

/**
 * The brokers and the one topic that this service writes, as far as they are known. Protocol versions
 * are fixed to ones that every broker from 2.8 to 4.x speaks: nothing to negotiate.
 */
export class KafkaCluster {
  readonly clientId: string
  readonly topic: string
  /** For every connection to one of its brokers. */
  readonly access: BrokerAccess
  readonly #bootstrapBrokers: readonly Broker[]
  #knownBrokers: readonly Broker[] = []
  #layout: TopicLayout | undefined
  #refreshing: Promise<TopicLayout> | undefined
  /** The layout may be out of date: ask before it is used again. */
  #isLayoutSuspect = false
  /** Brokers that did not answer, until they do. Each costs its time-out, so they are asked last. */
  readonly #silent = new Set<string>()

  constructor(
    clientId: string,
    topic: string,
    bootstrapBrokers: readonly Broker[],
    access: BrokerAccess = PLAIN_ACCESS,
  ) {
    this.clientId = clientId
    this.topic = topic
    this.access = access
    this.#bootstrapBrokers = bootstrapBrokers
  }

  /** Where to send for this partition. Asks the cluster when the last answer is in doubt. */
  async leaderOf(partition: number): Promise<PartitionLeader> {
    const layout = this.#isLayoutSuspect ? await this.refresh() : this.#layout
    const leader = (layout ?? (await this.refresh())).leaders[partition]
    if (leader !== undefined) return leader
    const refreshed = (await this.refresh()).leaders[partition]
    if (refreshed === undefined) throw new Error(`partition ${partition} has no leader`)
    return refreshed
  }

  /** A broker did not answer, or said that it does not lead: ask another one before using it again. */
  suspect(broker: Broker): void {
    this.#isLayoutSuspect = true
    this.#silent.add(brokerName(broker))
  }

  /** Asks for the metadata; callers at the same time share one request. Rejects with a sentence. */
  refresh(): Promise<TopicLayout> {
    this.#refreshing ??= this.askAnyBroker((connection) => this.#fetchLayout(connection)).finally(
      () => {
        this.#refreshing = undefined
      },
    )
    return this.#refreshing
  }

  /** Runs a request on the first broker that answers. */
  async askAnyBroker<Answer>(ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    let failure: unknown = new Error('no broker is configured')
    for (const broker of this.#candidates()) {
      const name = brokerName(broker)
      try {
        const answer = await this.withConnection(broker, ask)
        this.#silent.delete(name)
        return answer
      } catch (error) {
        if (error instanceof TopicMissingError) throw error
        this.#silent.add(name)
        failure = new Error(`${name}: ${describeError(error)}`, { cause: error })
      }
    }
    throw failure
  }

  /** Opens a connection for one purpose and closes it whatever happens. */
  async withConnection<Answer>(
    broker: Broker,
    ask: (connection: Connection) => Promise<Answer>,
  ): Promise<Answer> {
    const connection = await connectToBroker(this.clientId, broker, METADATA_TIMEOUTS, this.access)
    try {
      return await ask(connection)
    } finally {
      dropConnection(connection)
    }
  }

  #candidates(): Broker[] {
    const byName = new Map(
      [...this.#knownBrokers, ...this.#bootstrapBrokers].map((broker) => [
        brokerName(broker),
        broker,
      ]),
    )
    const isSilent = (broker: Broker): number => Number(this.#silent.has(brokerName(broker)))
    return [...byName.values()].toSorted((one, other) => isSilent(one) - isSilent(other))
  }

  async #fetchLayout(connection: Connection): Promise<TopicLayout> {
    const answer = await metadataV10.api
      .async(connection, [this.topic], false)
      .catch(readPartialAnswer)
    const brokers = new Map(
      answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]),
    )
    const topic = answer.topics[0]
    if (topic !== undefined && topic.partitions.length > PARTITIONS_MAX) {
      throw new Error(`the topic has more than ${PARTITIONS_MAX} partitions`)
    }
    if (topic === undefined) throw new Error('the broker answered without the topic')
    if (topic.errorCode !== 0) {
      const name = errorName(topic.errorCode)
      throw name === TOPIC_MISSING ? new TopicMissingError(this.topic) : new Error(name)
    }
    const leaders: Array<PartitionLeader | undefined> = []
    for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
      const broker = brokers.get(leaderId)
      // A lane is opened for each up to the highest.
      if (!(partitionIndex >= 0 && partitionIndex < topic.partitions.length)) {
        throw new Error(`the broker answered with a partition ${partitionIndex}`)
      }
      leaders[partitionIndex] = broker && { broker, epoch: leaderEpoch }
    }
    this.#knownBrokers = [...brokers.values()]
    this.#layout = newestLayout(this.#layout, {
      topicId: topic.topicId,
      partitionCount: leaders.length,
      leaders,
    })
    this.#isLayoutSuspect = false
    return this.#layout
  }
}

/**
 * The client rejects when a single partition has no leader. The rest of that answer is good, and the
 * other partitions must not wait for the one.
 */
function readPartialAnswer(error: unknown): MetadataAnswer {
  if (error instanceof ResponseError && 'response' in error) return error.response as MetadataAnswer
  throw error
}

function brokerName(broker: Broker): string {
  return `${broker.host}:${broker.port}`
}
