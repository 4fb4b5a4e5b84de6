import type { StoreFacts } from '../../../service/storage/store-facts.ts'
import { ok, problem, warning, type Finding } from './finding.ts'

const FREE_BYTES_WANTED = 256 * 1024 * 1024

/** In which a database holds every character that an order may have. */
const ENCODING_WANTED = 'UTF8'

export function judgeStore(facts: StoreFacts): Finding {
  const { name, exists, pendingCount, freeBytes, encoding = ENCODING_WANTED } = facts
  if (encoding !== ENCODING_WANTED) {
    const detail = `${name} has the encoding ${encoding}, which cannot hold every order`
    const action = `Create another database: CREATE DATABASE … ENCODING '${ENCODING_WANTED}' TEMPLATE template0, and set DATABASE_URL to it.`
    return problem('store', detail, action)
  }
  if (freeBytes !== undefined && freeBytes < FREE_BYTES_WANTED) {
    const free = `${Math.floor(freeBytes / 1024 ** 2)} MiB free on the disk of ${name}`
    return warning('store', free, 'Make room: a full disk stops every change.')
  }
  if (!exists) return ok('store', `${name}, made by the first start`)
  return ok('store', `${name}, ${pendingCount} pending ${pendingCount === 1 ? 'event' : 'events'}`)
}
