import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite'
import { createCluster } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { readTopicMarks } from '../../service/kafka/topic-marks.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { acquireProcessLock, settleFile } from '../../service/storage/sqlite/process-lock.ts'
import { systemClock } from '../../service/system.ts'
import { marksFileOf, writeMarks } from './marks.ts'

const OWN_FILE = 0o600

/** In one step: between two the service may write, and the copy would begin anew each time. */
const ALL_PAGES = 2 ** 31 - 1

export interface BackupReport {
  readonly marksFile: string
  /** Undefined: of PostgreSQL, whose own tools copy it. */
  readonly file: string | undefined
  readonly eventCount: number | undefined
}

/** Beside the service. `file` must not exist; with PostgreSQL only its marks are written. */
export async function runBackup(config: Config, file: string): Promise<BackupReport> {
  const { database } = config
  const marksFile = marksFileOf(file)
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is seen by its process alone')
  }
  for (const path of [file, marksFile]) {
    if (existsSync(path)) throw new Error(`${path} exists: name another file`)
  }
  const marks = await readTopicMarks({ cluster: createCluster(config), clock: systemClock })
  writeMarks(marksFile, marks, new Date())
  if (database.kind === 'postgres') return { marksFile, file: undefined, eventCount: undefined }
  try {
    closeSync(openSync(file, 'wx', OWN_FILE))
    using source = new DatabaseSync(database.path, { readOnly: true })
    await copyDatabase(source, file, { rate: ALL_PAGES })
    return { marksFile, file, eventCount: countEvents(file) }
  } catch (error) {
    for (const path of [file, marksFile]) rmSync(path, { force: true })
    throw error
  }
}

/** Into the place of a file that is not there. Throws where one is, or the backup is damaged. */
export async function restoreFile(backup: string, path: string): Promise<void> {
  for (const name of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(name)) throw new Error(`${name} exists: move it away, and keep it`)
  }
  countEvents(backup)
  const file = settleFile(path)
  using _lock = acquireProcessLock(file)
  try {
    using source = new DatabaseSync(backup, { readOnly: true })
    await copyDatabase(source, file, { rate: ALL_PAGES })
  } catch (error) {
    rmSync(file)
    throw error
  }
}

/** Throws a sentence where the file is no whole database of orders. */
function countEvents(file: string): number {
  using db = new DatabaseSync(file)
  const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
  if (verdict !== 'ok') throw new Error(`${file} is damaged: ${String(verdict)}`)
  return Number(db.prepare('SELECT count(*) AS events FROM order_events').get()?.['events'])
}
