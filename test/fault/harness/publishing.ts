import { randomUUID } from 'node:crypto'
import { DependencyHealth } from '../../../src/business/dependency-health.ts'
import type { Clock } from '../../../src/business/ports.ts'
import type { PublishOutcome } from '../../../src/business/publication/publisher-port.ts'
import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { OrderId } from '../../../src/models/order.ts'
import { KafkaCluster } from '../../../src/service/kafka/cluster.ts'
import { KafkaEventPublisher } from '../../../src/service/kafka/event-publisher.ts'
import { createLaneSessions } from '../../../src/service/kafka/lane/kafka-session.ts'
import { ensureTopic } from '../../../src/service/kafka/topic-admin.ts'
import { systemClock } from '../../../src/service/system.ts'
import type { TestCluster } from '../../support/kafka-cluster.ts'
import { readTopic } from '../../support/read-topic.ts'
import { somePending } from '../../support/some-event.ts'
import { until } from '../../support/until.ts'
import { proxyOf } from './broker-answers.ts'

const TIMEOUT_MS = 5_000

/** A publisher behind the proxy of a cluster's only broker. */
export class Publishing implements AsyncDisposable {
  readonly topic: string
  readonly #cluster: TestCluster
  readonly publisher: KafkaEventPublisher
  mayPublish = true
  /** How often somebody else was suspected to send with its numbers. */
  suspicionCount = 0
  /** The reasons of Kafka in health, one sentence each. */
  readonly troubles: string[] = []
  onSuspicion = (): void => {}

  private constructor(
    cluster: TestCluster,
    topic: string,
    partitionCount: number,
    sessionClock: Clock,
  ) {
    this.topic = topic
    this.#cluster = cluster
    const brokers = [{ host: '127.0.0.1', port: proxyOf(cluster).port }]
    const kafka = new KafkaCluster('test', this.topic, brokers)
    const wanted = { partitionCount, replicationFactor: undefined }
    this.publisher = new KafkaEventPublisher({
      topic,
      askLayout: () => ensureTopic(kafka, wanted, systemClock),
      openSession: createLaneSessions(kafka, sessionClock),
      mayPublish: () => this.mayPublish,
      onSuspicion: () => {
        this.suspicionCount += 1
        this.onSuspicion()
      },
      clock: systemClock,
      health: new DependencyHealth(systemClock, (_dependency, { reason }) => {
        if (reason !== undefined) this.troubles.push(reason)
      }),
    })
  }

  /** With a few events on the topic, so that there are earlier offsets. */
  static async start(
    cluster: TestCluster,
    topic = `orders-${randomUUID()}`,
    partitionCount = 1,
    sessionClock = systemClock,
  ): Promise<Publishing> {
    const publishing = new Publishing(cluster, topic, partitionCount, sessionClock)
    publishing.publisher.start()
    await until(() => publishing.#admitsEverywhere(partitionCount), 'the publisher admits events')
    for (let count = 0; count < 3; count += 1) await publishing.publish(publishing.next())
    return publishing
  }

  /** `valueBytes` makes it as large as a test needs. */
  next(valueBytes?: number, orderId = `order-${randomUUID()}` as OrderId): PendingEvent {
    const size = valueBytes === undefined ? {} : { valueBytes }
    return { ...somePending({ orderId, ...size }), ...this.publisher.admit(Buffer.from(orderId)) }
  }

  publish(pending: PendingEvent, timeoutMs = TIMEOUT_MS): Promise<PublishOutcome> {
    return this.publisher.publish(pending, systemClock.monotonicMs() + timeoutMs)
  }

  /** Offsets at which the event stands. */
  async offsetsOf({ event }: PendingEvent): Promise<number[]> {
    const records = await readTopic(this.#cluster.bootstrapServers, this.topic)
    return records
      .filter(({ headers }) => headers['ce_id'] === event.eventId)
      .map(({ offset }) => offset)
  }

  /** A publisher that is ready admits to each of its partitions; one that is not throws. */
  #admitsEverywhere(partitionCount: number): boolean {
    const admitted = Array.from({ length: partitionCount * 20 }, () => this.next().partition)
    return new Set(admitted).size === partitionCount
  }

  async [Symbol.asyncDispose](): Promise<void> {
    proxyOf(this.#cluster).fates.length = 0
    await this.publisher.close()
  }
}
