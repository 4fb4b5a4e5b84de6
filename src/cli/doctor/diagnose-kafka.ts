import { createCluster } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { readClusterFacts } from '../../service/kafka/topic-facts.ts'
import { describe } from './describe.ts'
import { diagnoseAddresses, isConnection, type Address } from './diagnose-addresses.ts'
import { ok, problem, type Finding } from './judges/finding.ts'
import { judgeTopic, TOPIC_SETTINGS } from './judges/judge-topic.ts'

export async function diagnoseKafka(config: Config): Promise<Finding[]> {
  const { kafkaBootstrapServers, kafkaTopic, kafkaTopicPartitions } = config
  const found = await diagnoseAddresses('kafka', kafkaBootstrapServers, 'KAFKA_BOOTSTRAP_SERVERS')
  if (!found.some(isConnection)) return found
  // One is enough to learn the others.
  const addresses = found.map((finding): Finding =>
    finding.verdict === 'problem' ? { ...finding, verdict: 'warning' } : finding,
  )
  const settings = Object.values(TOPIC_SETTINGS)
  const facts = await readClusterFacts(createCluster(config), settings).catch(describe)
  if (typeof facts === 'string') {
    const action = 'Is that the plaintext listener of a Kafka broker? If not, correct the address.'
    return [...addresses, problem('kafka', facts, action)]
  }
  const { brokers, topic } = facts
  return [
    ...addresses,
    ok('kafka', `answers; ${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`),
    ...(await diagnoseAdvertised(brokers, kafkaBootstrapServers)),
    ...(topic === undefined
      ? [
          problem(
            `topic ${kafkaTopic}`,
            'does not exist',
            'Start the service, which creates it, or set KAFKA_TOPIC to the one that is meant.',
          ),
        ]
      : [ok(`topic ${kafkaTopic}`, 'exists'), ...judgeTopic(topic, kafkaTopicPartitions)]),
  ]
}

/** Clients are sent to the addresses that brokers advertise, which may not be the configured ones. */
async function diagnoseAdvertised(
  brokers: readonly Address[],
  known: readonly Address[],
): Promise<Finding[]> {
  const others = brokers.filter(
    ({ host, port }) => !known.some((address) => address.host === host && address.port === port),
  )
  return diagnoseAddresses('advertised', others, 'advertised.listeners of the broker')
}
