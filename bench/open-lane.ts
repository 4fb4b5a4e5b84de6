import { DependencyHealth } from '../src/business/dependency-health.ts'
import { KafkaCluster } from '../src/service/kafka/cluster.ts'
import { KafkaEventPublisher } from '../src/service/kafka/event-publisher.ts'
import { createLaneSessions } from '../src/service/kafka/lane/kafka-session.ts'
import { ensureTopic } from '../src/service/kafka/topic-admin.ts'
import { systemClock } from '../src/service/system.ts'
import { infrastructure } from '../test/support/infrastructure.ts'
import { somePending } from '../test/support/some-event.ts'
import { until } from '../test/support/until.ts'

/** One lane on a topic of its own with one partition, and nothing around it. */
export interface OpenLane {
  /** Resolves when the event is acknowledged. */
  send(): Promise<void>
  close(): Promise<void>
}

const KEY = Buffer.from('ORD-1')
const VALUE_BYTES = 300
const PUBLISH_MS_MAX = 5_000
export async function openLane(topic: string): Promise<OpenLane> {
  const [host = '', port] = infrastructure().kafkaBootstrapServers.split(':')
  const cluster = new KafkaCluster('bench', topic, [{ host, port: Number(port) }])
  const publisher = new KafkaEventPublisher({
    topic,
    askLayout: () =>
      ensureTopic(cluster, { partitionCount: 1, replicationFactor: undefined }, systemClock),
    openSession: createLaneSessions(cluster, systemClock),
    mayPublish: () => true,
    onSuspicion: () => {},
    clock: systemClock,
    health: new DependencyHealth(systemClock, () => {}),
  })
  publisher.start()
  await until(() => publisher.admit(KEY).partition === 0, 'the lane is open')
  return {
    async send() {
      const pending = { ...somePending({ valueBytes: VALUE_BYTES }), ...publisher.admit(KEY) }
      const deadlineMs = systemClock.monotonicMs() + PUBLISH_MS_MAX
      const { kind } = await publisher.publish(pending, deadlineMs)
      if (kind !== 'acked') throw new Error(`an event was ${kind}`)
    },
    close: () => publisher.close(),
  }
}
