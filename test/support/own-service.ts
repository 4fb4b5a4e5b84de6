import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { infrastructure } from './infrastructure.ts'
import { startService, type ServiceProcess } from './service-process.ts'

export type Settings = Readonly<Record<string, string>>

/** The servers of the run, and a topic of one test's own. */
export function freshSettings(databaseUrl = 'sqlite::memory:') {
  const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
  return {
    KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    KAFKA_TOPIC: `orders-${randomUUID()}`,
    DATABASE_URL: databaseUrl,
  }
}

/** Ready for changes; it ends with the test. */
export async function startOwnService(t: TestContext, settings: Settings): Promise<ServiceProcess> {
  const service = await startService(settings)
  t.after(() => service.end('SIGKILL'))
  return service
}
