import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** What SQLite has written to its write-ahead log, by the log itself: sqlite.org, "WAL-mode File Format". */
export interface LogCounts {
  readonly commits: number
  readonly bytes: number
}

interface Log extends LogCounts {
  /** Another one after the log began anew. */
  readonly salt: string
}

const HEADER_BYTES = 32
const PAGE_SIZE_AT = 8
const SALT_AT = 16
const SALT_BYTES = 8
const FRAME_HEADER_BYTES = 24
/** Pages of the database after the commit; 0 in a frame that is not the last of a commit. */
const COMMIT_AT = 4
const FRAME_SALT_AT = 8

/** From now on no frame of the log is written over: a reader that stays holds what it has seen. */
export function watchLog(path: string): Disposable & { grown(): LogCounts } {
  const reader = new DatabaseSync(path, { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM orders').get()
  const before = readLog(`${path}-wal`)
  return {
    grown() {
      const { salt, commits, bytes } = readLog(`${path}-wal`)
      // All of it was in the database when the reader came: then the first writer began it anew, once.
      if (salt !== before.salt) return { commits, bytes }
      return { commits: commits - before.commits, bytes: bytes - before.bytes }
    },
    [Symbol.dispose]: () => reader.close(),
  }
}

function readLog(path: string): Log {
  const log = readFileSync(path)
  const salt = log.toString('hex', SALT_AT, SALT_AT + SALT_BYTES)
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(PAGE_SIZE_AT)
  let commits = 0
  let at = HEADER_BYTES
  // Behind the last frame there may be some of an earlier log, with its salt.
  for (; at + frameBytes <= log.length; at += frameBytes) {
    const from = at + FRAME_SALT_AT
    if (log.toString('hex', from, from + SALT_BYTES) !== salt) break
    if (log.readUInt32BE(at + COMMIT_AT) > 0) commits += 1
  }
  return { salt, commits, bytes: at - HEADER_BYTES }
}
