import { inspectStore, listPendingEvents } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { shellWord } from '../shell-word.ts'
import { diagnoseTlsFiles } from './diagnose-credentials.ts'
import { isReadByAll } from './diagnose-readers.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { problem, warning, type Finding } from './judges/finding.ts'
import { judgeStore } from './judges/judge-store.ts'

export async function diagnoseStore(config: Config): Promise<Diagnosis> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    const action = 'For orders that are kept, set DATABASE_URL=sqlite:data/cart.db.'
    const finding = warning('store', 'in memory: orders are gone with the process', action)
    return { findings: [finding], pending: [] }
  }
  const ofFiles =
    database.kind === 'postgres' ? diagnoseFiles(database.url) : judgeReaders(database.path)
  try {
    const facts = await inspectStore(config)
    const pending = facts.pendingCount === 0 ? [] : await listPendingEvents(config)
    return { findings: [...ofFiles, judgeStore(facts)], pending }
  } catch (error) {
    const action =
      database.kind === 'sqlite'
        ? `Let the service write ${database.path} and its directory, or set DATABASE_URL.`
        : 'Do what it says, start the database, or correct DATABASE_URL.'
    return { findings: [...ofFiles, problem('store', describe(error), action)] }
  }
}

/** A file that exists keeps its permissions, and orders are nobody's business but the service's. */
function judgeReaders(path: string): Finding[] {
  if (!isReadByAll(path)) return []
  const action = 'Take the right to read it, and the files beside it, from others.'
  // Those that SQLite makes beside it have its name in front.
  const command = `chmod o= ${shellWord(path)}*`
  return [warning('store files', `${path} can be read by everybody`, action, command)]
}

const TLS_NAMES = { ca: 'sslrootcert', certificate: 'sslcert', key: 'sslkey' }

/** Those that the address of the database names. */
function diagnoseFiles(address: string): Finding[] {
  const { searchParams } = new URL(address)
  const pathOf = (name: string): string | undefined => searchParams.get(name) ?? undefined
  const files = {
    caFile: pathOf(TLS_NAMES.ca),
    certificateFile: pathOf(TLS_NAMES.certificate),
    keyFile: pathOf(TLS_NAMES.key),
  }
  return diagnoseTlsFiles('store tls', TLS_NAMES, files)
}
