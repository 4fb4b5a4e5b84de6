import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import type { PendingEvent } from '../../../models/order-event.ts'
import { toPendingEvent, type EventRow } from '../order-row.ts'
import type { StoredInstance, StoreFacts } from '../store-facts.ts'
import { LIST_PENDING } from './order-statements.ts'

/**
 * Looks at a database file beside whoever uses it; never writes. Throws where the service could not
 * use it: a directory or file that may not be written, a file that is no such database.
 */
export function inspectStore(path: string): StoreFacts {
  const directory = nearestDirectory(path)
  accessSync(directory, constants.W_OK)
  const { bavail, bsize } = statfsSync(directory)
  const facts = { name: `SQLite, ${path}`, freeBytes: bavail * bsize }
  if (!existsSync(path)) return { ...facts, exists: false, pendingCount: 0 }
  accessSync(path, constants.W_OK)
  using db = new DatabaseSync(path, { readOnly: true })
  // An empty file, too, is one that the service makes its tables in.
  const hasTables = db.prepare("SELECT name FROM sqlite_schema WHERE name = 'order_events'").get()
  if (hasTables === undefined) return { ...facts, exists: false, pendingCount: 0 }
  const row = db
    .prepare('SELECT count(*) AS pending FROM order_events WHERE topic_offset IS NULL')
    .get()
  return { ...facts, exists: true, pendingCount: Number(row?.['pending']) }
}

/** The oldest pending events, whoever owns them; never writes. */
export function listPendingEvents(path: string, limit: number): PendingEvent[] {
  using db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare(LIST_PENDING).all(limit) as unknown as readonly EventRow[]
  return rows.map(toPendingEvent)
}

/** The process that opened the file last: it belongs to one. Never writes. */
export function listInstances(path: string): StoredInstance[] {
  using db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare('SELECT instance_id FROM current_instance').all()
  return rows.map(({ instance_id: id }) => ({
    instanceId: String(id),
    leaseUntil: undefined,
    joinedAt: undefined,
  }))
}

/** The service makes those that are missing. */
function nearestDirectory(path: string): string {
  let directory = dirname(path)
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory)
  return directory
}
