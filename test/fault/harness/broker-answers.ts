import { protocolErrorsCodesById } from '@platformatic/kafka'
import type { KafkaProxy } from '../../support/kafka-proxy.ts'
import type { ScenarioContext } from './scenario.ts'

/** What a broker says before it appends, so that nothing was stored. */
export const PROOFS = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_REQUIRED_ACKS',
  'POLICY_VIOLATION',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'NOT_ENOUGH_REPLICAS',
]

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
]

/** Before the only broker. */
export function proxyOf({ cluster }: ScenarioContext): KafkaProxy {
  const [broker] = cluster.brokers
  if (broker === undefined) throw new Error('no broker')
  return broker.proxy
}

export function codeOf(name: string): number {
  const code = Object.entries(protocolErrorsCodesById).find(([, id]) => id === name)?.[0]
  if (code === undefined) throw new Error(`no error ${name}`)
  return Number(code)
}
