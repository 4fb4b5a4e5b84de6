import {
  createCluster,
  createKnownEvents,
  inspectStore,
  knowsNothing,
} from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { TopicMissingError } from '../../service/kafka/cluster.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { findLag, type Lag } from '../../service/store-guard.ts'
import { cartCall } from '../cart-call.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { notExamined, skipped } from './judges/finding.ts'
import { judgeLag, LAG_CHECK } from './judges/judge-lag.ts'

/** Whether the store has what is at the end of each partition. */
export async function diagnoseLag(config: Config): Promise<Diagnosis> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    return { findings: [notExamined(LAG_CHECK, 'store')] }
  }
  try {
    const { exists, name } = await inspectStore(config)
    const known = exists ? createKnownEvents(config) : knowsNothing(name)
    const compared = { cluster: createCluster(config), known }
    const { partitionCount } = await compared.cluster.refresh()
    const offsets = await known.latestOffsets(config.kafkaTopic)
    let lag: Lag | undefined
    for (let partition = 0; partition < partitionCount && lag === undefined; partition += 1) {
      lag = await findLag(compared, partition, offsets.get(partition))
    }
    return { findings: [judgeLag(lag, config.kafkaTopic, name, cartCall('rebuild'))] }
  } catch (error) {
    if (error instanceof TopicMissingError) {
      return { findings: [notExamined(LAG_CHECK, `topic ${config.kafkaTopic}`)] }
    }
    const action = 'Mend what is above, then ask again.'
    return { findings: [skipped(LAG_CHECK, `not examined: ${describe(error)}`, action)] }
  }
}
