import { createCluster } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import {
  checkCreation,
  findSilentPartitions,
  readBrokerIdentities,
  readBrokerRequests,
} from '../../service/kafka/client-checks.ts'
import type { KafkaCluster } from '../../service/kafka/cluster.ts'
import { PARTITIONS_MAX } from '../../service/kafka/framed-keys.ts'
import {
  readClusterFacts,
  type ClusterFacts,
  type TopicFacts,
} from '../../service/kafka/topic-facts.ts'
import { askForFramedKeys } from '../../service/key-format-check.ts'
import { diagnoseAddresses, isConnection, type Address } from './diagnose-addresses.ts'
import { diagnoseSasl, diagnoseTlsFiles } from './diagnose-credentials.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { topicCommands } from './commands.ts'
import { notExamined, ok, problem, type Finding } from './judges/finding.ts'
import type { KeyEvidence } from './judges/judge-keys.ts'
import { judgeCreation, judgeRequests, judgeRights } from './judges/judge-rights.ts'
import { judgeValidity } from './judges/judge-validity.ts'
import { judgeTopic, TOPIC_SETTINGS } from './judges/judge-topic.ts'

const TLS_NAMES = {
  ca: 'KAFKA_SSL_CA_LOCATION',
  certificate: 'KAFKA_SSL_CERTIFICATE_LOCATION',
  key: 'KAFKA_SSL_KEY_LOCATION',
}

/** A read waits for records that are not replicated yet. */
const KEYS_TIMEOUT_MS = 5_000

export async function diagnoseKafka(config: Config): Promise<Diagnosis> {
  const { kafkaBootstrapServers } = config
  const unread = { keys: { failure: 'Kafka cannot be asked' } }
  const found = await diagnoseAddresses('kafka', kafkaBootstrapServers, 'KAFKA_BOOTSTRAP_SERVERS')
  if (!found.some(isConnection)) {
    return { findings: [...found, ...notExaminedHere(config)], ...unread }
  }
  // One is enough to learn the others.
  const addresses = found.map((finding): Finding =>
    finding.verdict === 'problem' ? { ...finding, verdict: 'warning' } : finding,
  )
  const credentials = diagnoseOwnCredentials(config.kafkaSecurity)
  const cluster = createCluster(config)
  const settings = Object.values(TOPIC_SETTINGS)
  const facts = await readClusterFacts(cluster, settings).catch(describe)
  if (typeof facts === 'string') {
    const action = `Do what it says. Is that a listener of Kafka for ${describeAccess(config.kafkaSecurity)}? If not, correct the address or KAFKA_SECURITY_PROTOCOL.`
    const failure = problem('kafka', facts, action)
    const findings = [...addresses, ...credentials, failure, ...notExaminedHere(config)]
    return { findings, ...unread }
  }
  const { brokers, topic } = facts
  const findings = [
    ...addresses,
    ...credentials,
    ok(
      'kafka',
      `answers by ${describeAccess(config.kafkaSecurity)}; ${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`,
    ),
    ...(await diagnoseAdvertised(brokers, kafkaBootstrapServers)),
    ...(await diagnoseIdentities(cluster, brokers)),
    ...judgeRequests(await readBrokerRequests(cluster, brokers)),
    ...(await diagnoseTopic(cluster, facts, config)),
  ]
  return { findings, topic, keys: topic === undefined ? {} : await readKeyEvidence(cluster, topic) }
}

/** All that is asked of a broker that answers. */
export function kafkaChecks({ kafkaTopic }: Config): readonly string[] {
  return ['requests', `topic ${kafkaTopic}`, 'partitions', 'replication', 'rights']
}

function notExaminedHere(config: Config): Finding[] {
  return kafkaChecks(config).map((check) => notExamined(check, 'kafka'))
}

async function readKeyEvidence(
  cluster: KafkaCluster,
  { partitions: { length: count } }: TopicFacts,
): Promise<KeyEvidence> {
  try {
    const found = await askForFramedKeys(cluster)(AbortSignal.timeout(KEYS_TIMEOUT_MS))
    const each =
      count > PARTITIONS_MAX ? `the first ${PARTITIONS_MAX} of ${count}` : `each of ${count}`
    return { found, sample: `the first and the last record of ${each} partitions` }
  } catch (error) {
    return { failure: `the topic cannot be read (${describe(error)})` }
  }
}

async function diagnoseTopic(
  cluster: KafkaCluster,
  { topic, rights }: ClusterFacts,
  config: Config,
): Promise<Finding[]> {
  const { kafkaTopicPartitions: partitionCount, kafkaTopicReplicationFactor } = config
  const commands = topicCommands(config.kafkaBootstrapServers, config.kafkaSecurity, cluster.topic)
  const check = `topic ${cluster.topic}`
  if (topic !== undefined) {
    const led = topic.partitions.flatMap(({ hasLeader }, partition) => (hasLeader ? partition : []))
    const silent = await findSilentPartitions(cluster, led)
    const judged = [
      ...judgeTopic(topic, partitionCount, commands),
      ...judgeRights(rights, silent, commands),
    ]
    return [ok(check, 'exists'), ...judged]
  }
  if (rights.refusal !== undefined) return judgeRights(rights, [], commands)
  const wanted = { partitionCount, replicationFactor: kafkaTopicReplicationFactor }
  const action = 'Start the service, which creates it, or set KAFKA_TOPIC to the one that is meant.'
  return [
    problem(check, 'does not exist', action),
    ...judgeCreation(cluster.topic, await checkCreation(cluster, wanted), commands),
    ...judgeRights(rights, [], commands),
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

/** "TLS and SCRAM-SHA-512 as 'cart'" */
function describeAccess({ tls, sasl }: Config['kafkaSecurity']): string {
  const encryption = tls === undefined ? 'plain text' : 'TLS'
  const certificate = tls?.certificateFile === undefined ? '' : ' with a certificate'
  if (sasl === undefined) return encryption + certificate
  const user = sasl.mechanism === 'OAUTHBEARER' ? '' : ` as '${sasl.username}'`
  return `${encryption}${certificate} and ${sasl.mechanism}${user}`
}

function diagnoseOwnCredentials(security: Config['kafkaSecurity']): Finding[] {
  const { tls } = security
  const files = tls === undefined ? [] : diagnoseTlsFiles('kafka tls', TLS_NAMES, tls)
  return [...files, ...diagnoseSasl(security)]
}

/** A broker that is reached by another name than the first may have another certificate. */
async function diagnoseIdentities(
  cluster: KafkaCluster,
  brokers: readonly Address[],
): Promise<Finding[]> {
  if (cluster.access.isPlain) return []
  const identities = await readBrokerIdentities(cluster, brokers)
  return identities.flatMap(({ broker, validity, failure }) => {
    if (failure !== undefined) {
      const action = 'Lanes to this broker fail like this: correct its listener or the setting.'
      return [problem(`kafka ${broker}`, failure, action)]
    }
    const what = `the certificate of ${broker}`
    return validity === undefined
      ? []
      : [judgeValidity({ check: 'kafka tls', what, ...validity }, Date.now())]
  })
}
