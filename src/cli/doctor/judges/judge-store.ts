import type { StoreFacts } from '../../../service/storage/store-facts.ts'
import { ok, warning, type Finding } from './finding.ts'

const FREE_BYTES_WANTED = 256 * 1024 * 1024

/** Of a store that the service could use: anything else is an error of the inspection. */
export function judgeStore({ name, exists, pendingCount, freeBytes }: StoreFacts): Finding {
  if (freeBytes !== undefined && freeBytes < FREE_BYTES_WANTED) {
    const free = `${Math.floor(freeBytes / 1024 ** 2)} MiB free on the disk of ${name}`
    return warning('store', free, 'Make room: a full disk stops every change.')
  }
  if (!exists) return ok('store', `${name}, made by the first start`)
  return ok('store', `${name}, ${pendingCount} pending ${pendingCount === 1 ? 'event' : 'events'}`)
}
