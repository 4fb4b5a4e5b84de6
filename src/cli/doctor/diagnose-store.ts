import { inspectStore } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { describe } from './describe.ts'
import { problem, warning, type Finding } from './judges/finding.ts'
import { judgeStore } from './judges/judge-store.ts'

export async function diagnoseStore(config: Config): Promise<Finding[]> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    const action = 'For orders that are kept, set DATABASE_URL=sqlite:data/cart.db.'
    return [warning('store', 'in memory: orders are gone with the process', action)]
  }
  try {
    return [judgeStore(await inspectStore(config))]
  } catch (error) {
    const action =
      database.kind === 'sqlite'
        ? `Let the service write ${database.path} and its directory, or set DATABASE_URL.`
        : 'Start the database, or correct DATABASE_URL.'
    return [problem('store', describe(error), action)]
  }
}
