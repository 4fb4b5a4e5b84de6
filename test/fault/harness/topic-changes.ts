import {
  ConfigResourceTypes,
  createTopicsV5,
  deleteTopicsV6,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka'
import { KafkaCluster } from '../../../src/service/kafka/cluster.ts'
import { until } from '../../support/until.ts'
import type { ScenarioContext } from './scenario.ts'

/** Changes that an operator may make to the topic, past the proxies. */

/** The broker's own default. */
export const USUAL_BYTES = 1_048_588

const REQUEST_TIMEOUT_MS = 5_000

/** The broker's default. */
const REPLICATION_FACTOR = -1

export async function limitMessages(
  context: ScenarioContext,
  topic: string,
  bytes: number,
): Promise<void> {
  const limit = {
    name: 'max.message.bytes',
    configOperation: IncrementalAlterConfigOperationTypes.SET,
    value: String(bytes),
  }
  const resource = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configs: [limit],
  }
  await clusterOf(context, topic).askAnyBroker((connection) =>
    incrementalAlterConfigsV1.api.async(connection, [resource], false),
  )
}

/** Deletes the topic and creates it again, empty; again where the service was faster. */
export async function makeAnew(
  context: ScenarioContext,
  topic: string,
  partitionCount: number,
): Promise<void> {
  const cluster = clusterOf(context, topic)
  const wanted = {
    name: topic,
    numPartitions: partitionCount,
    replicationFactor: REPLICATION_FACTOR,
    assignments: [],
    configs: [],
  }
  await until(async () => {
    await cluster
      .askAnyBroker((connection) =>
        deleteTopicsV6.api.async(connection, [{ name: topic }], REQUEST_TIMEOUT_MS),
      )
      // It is deleted already, by the attempt before.
      .catch(() => {})
    await cluster.askAnyBroker((connection) =>
      createTopicsV5.api.async(connection, [wanted], REQUEST_TIMEOUT_MS, false),
    )
    return true
  }, 'the topic is made anew')
}

function clusterOf({ cluster }: ScenarioContext, topic: string): KafkaCluster {
  const brokers = cluster.brokers.map(({ port }) => ({ host: 'localhost', port }))
  return new KafkaCluster('faults', topic, brokers)
}
