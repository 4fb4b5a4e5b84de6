import { inspectStore, listPendingEvents } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { problem, warning } from './judges/finding.ts'
import { judgeStore } from './judges/judge-store.ts'

export async function diagnoseStore(config: Config): Promise<Diagnosis> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    const action = 'For orders that are kept, set DATABASE_URL=sqlite:data/cart.db.'
    return { findings: [warning('store', 'in memory: orders are gone with the process', action)] }
  }
  try {
    const facts = await inspectStore(config)
    const pending = facts.pendingCount === 0 ? [] : await listPendingEvents(config)
    return { findings: [judgeStore(facts)], pending }
  } catch (error) {
    const action =
      database.kind === 'sqlite'
        ? `Let the service write ${database.path} and its directory, or set DATABASE_URL.`
        : 'Do what it says, start the database, or correct DATABASE_URL.'
    return { findings: [problem('store', describe(error), action)] }
  }
}
