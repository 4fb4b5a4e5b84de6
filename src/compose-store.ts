import { createCluster, createKnownEvents, postgresAddress } from './compose-clients.ts'
import type { Config } from './config/config.ts'
import type { BatchedStore } from './service/storage/batched-store.ts'
import { openPostgresStore } from './service/storage/postgres/store.ts'
import { MEMORY_PATH } from './service/storage/sqlite/connection.ts'
import { openSqliteStore } from './service/storage/sqlite/store.ts'
import type { StoreWatchDeps } from './service/storage/store-watch.ts'
import { describeLag, findLag, StoreGuard } from './service/store-guard.ts'

/** The store of the service, and its guard. */

export function openStore(
  config: Config,
  {
    watch,
    onServerChange,
  }: {
    readonly watch: StoreWatchDeps
    /** Another server than before answers for the database. Rejects while it must not be used. */
    readonly onServerChange: (isFirst: boolean) => Promise<void>
  },
): Promise<BatchedStore> {
  const { database, migrationMode, maxItemsPerOrder } = config
  const common = { migrationMode, watch, maxItemsPerOrder, readWaitMs: config.publishTimeoutMs }
  switch (database.kind) {
    case 'sqlite':
      return openSqliteStore({ path: database.path, ...common })
    case 'postgres':
      return openPostgresStore({
        ...postgresAddress(config),
        leaseMs: config.instanceLeaseMs,
        mustBeDurable: config.databaseRequireDurability,
        ...common,
        onServerChange,
      })
  }
}

/** A store in memory is empty by the operator's own choice. */
export function createStoreGuard({
  config,
  logger,
  onFatal,
}: {
  readonly config: Config
  readonly logger: { warn(sentence: string): void }
  readonly onFatal: (error: Error) => void
}): StoreGuard {
  const { database } = config
  const forgets = database.kind === 'sqlite' && database.path === MEMORY_PATH
  const accepts = forgets || config.acceptsStoreBehindTopic
  const compared = { cluster: createCluster(config), known: createKnownEvents(config) }
  return new StoreGuard({
    countPartitions: async () => (await compared.cluster.refresh()).partitionCount,
    latestOffsets: () => compared.known.latestOffsets(config.kafkaTopic),
    findLag: (partition, settledOffset) => findLag(compared, partition, settledOffset),
    describeLag: (lag) => describeLag(lag, config.kafkaTopic, compared.known.name),
    onAccepted: accepts ? (sentence) => logger.warn(sentence) : undefined,
    onRefused: onFatal,
  })
}
