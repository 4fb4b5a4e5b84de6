import { ok, warning, type Finding } from './finding.ts'

const FREE_BYTES_WANTED = 256 * 1024 * 1024

export interface StoreFacts {
  /** What people know it by, without a password. */
  readonly name: string
  /** False: the first start makes its tables. */
  readonly exists: boolean
  readonly pendingCount: number
  /** On its disk; undefined where only the server knows. */
  readonly freeBytes: number | undefined
}

export function judgeStore({ name, exists, pendingCount, freeBytes }: StoreFacts): Finding {
  if (freeBytes !== undefined && freeBytes < FREE_BYTES_WANTED) {
    const free = `${Math.floor(freeBytes / 1024 ** 2)} MiB free on the disk of ${name}`
    return warning('store', free, 'Make room: a full disk stops every change.')
  }
  if (!exists) return ok('store', `${name}, made by the first start`)
  return ok('store', `${name}, ${pendingCount} pending ${pendingCount === 1 ? 'event' : 'events'}`)
}
