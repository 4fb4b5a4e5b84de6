import {
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka'
import { clusterOf } from './raw-records.ts'

/** Gives the topic a setting of its own, such as `max.message.bytes`. */
export async function setTopicSetting(
  bootstrapServers: string,
  topic: string,
  name: string,
  value: string,
): Promise<void> {
  const configOperation = IncrementalAlterConfigOperationTypes.SET
  const resource = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configs: [{ name, configOperation, value }],
  }
  await clusterOf(bootstrapServers, topic).askAnyBroker((connection) =>
    incrementalAlterConfigsV1.api.async(connection, [resource], false),
  )
}
