import type { TestCluster } from '../../support/kafka-cluster.ts'
import type { KafkaProxy } from '../../support/kafka-proxy.ts'

/** What a broker may say before or after it appends. */
export const NO_PROOFS = [
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_SERVER_ERROR',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
]

/** Before the only broker. */
export function proxyOf(cluster: TestCluster): KafkaProxy {
  const [broker] = cluster.brokers
  if (broker === undefined) throw new Error('no broker')
  return broker.proxy
}
