/** What operators may look at (business/operations), of the parts of this process. */

import {
  createOperations,
  type InstanceReport,
  type Operations,
} from './business/operations/operations.ts'
import { ToolRuns } from './business/operations/tool-runs.ts'
import { StoreError } from './business/ports.ts'
import type { Config } from './config/config.ts'
import { settingsOfProcess, toolEnvironment } from './config/tool-environment.ts'
import { listInstances } from './compose-clients.ts'
import type { KafkaEventPublisher } from './service/kafka/event-publisher.ts'
import type { BatchedStore } from './service/storage/batched-store.ts'
import { MEMORY_PATH } from './service/storage/sqlite/connection.ts'
import { systemClock } from './service/system.ts'
import { createRunTool } from './service/tool-process.ts'

export interface ComposedOperations extends Operations {
  /** Ends the tool that is at work. */
  close(): Promise<void>
}

export function composeOperations(
  config: Config,
  store: BatchedStore,
  publisher: KafkaEventPublisher,
): ComposedOperations {
  const runTool = createRunTool({ environment: toolEnvironment })
  const runs = new ToolRuns({ runTool, clock: systemClock })
  const operations = createOperations({
    settings: settingsOfProcess(),
    topic: config.kafkaTopic,
    store,
    lanes: () => publisher.describeLanes(),
    listInstances: () => readInstances(config, store),
    runs,
    clock: systemClock,
    readTimeoutMs: config.publishTimeoutMs,
  })
  return { ...operations, close: () => runs.close() }
}

async function readInstances(config: Config, store: BatchedStore): Promise<InstanceReport[]> {
  const { instanceId } = store
  const { database } = config
  // Seen by this process alone.
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    return [{ instanceId, leaseUntil: undefined, joinedAt: undefined, isThisOne: true }]
  }
  try {
    const found = await listInstances(config)
    return found.map((instance) => ({
      ...instance,
      isThisOne: instance.instanceId === instanceId,
    }))
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError('it cannot be read', 'no', error)
  }
}
