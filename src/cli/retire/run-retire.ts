import { open, type FileHandle } from 'node:fs/promises'
import { openRetirement } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import type { PublishedEvent } from '../../models/order-event.ts'
import { describeHeaders } from '../../service/kafka/event-headers.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import {
  type ClosedOrder,
  type ClosedPlace,
  FIRST_CLOSED,
  type OrderRetirement,
} from '../../service/storage/store-retirement.ts'

/** Bounds how long changes wait for a page, and how much is exported before it is taken out. */
const PAGE_ORDERS = 100

const OWN_FILE = 0o600

export interface RetireOptions {
  /** Of the last event: earlier ones are old. */
  readonly beforeMs: number
  /** NDJSON, one event a line; must not exist. */
  readonly file: string
  /** Export, and take nothing out. */
  readonly isRehearsal: boolean
  readonly onProgress: (retired: number) => void
}

export interface RetireReport {
  readonly retiredCount: number
  readonly exportedEventCount: number
  /** Exported, and changed before they could be taken out: they stay. */
  readonly changedCount: number
}

/** Exports old closed orders and takes them out, page by page: what is taken out is on the disk before. */
export async function runRetire(config: Config, options: RetireOptions): Promise<RetireReport> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is seen by its process alone')
  }
  await using store = await openRetirement(config)
  await using file = await open(options.file, 'wx', OWN_FILE)
  let [retiredCount, exportedEventCount, changedCount] = [0, 0, 0]
  let place: ClosedPlace | undefined = FIRST_CLOSED
  while (place !== undefined) {
    const { orders, next } = await store.findClosed(options.beforeMs, place, PAGE_ORDERS)
    place = next
    if (orders.length === 0) continue
    for (const order of orders) exportedEventCount += await exportOrder(file, store, order)
    await file.sync()
    if (options.isRehearsal) continue
    const count = await store.retire(orders)
    retiredCount += count
    changedCount += orders.length - count
    options.onProgress(retiredCount)
  }
  return { retiredCount, exportedEventCount, changedCount }
}

/** Returns how many events it has. */
async function exportOrder(
  file: FileHandle,
  store: Pick<OrderRetirement, 'readEvents'>,
  { orderId, version }: ClosedOrder,
): Promise<number> {
  let count = 0
  let after = 0
  while (after < version) {
    const events = await store.readEvents(orderId, after)
    const last = events.at(-1)
    if (last === undefined) break
    const lines = events.map((event) => `${JSON.stringify(toLine(event))}\n`)
    // All of it, or an error: a disk that is nearly full takes a part of one write, and says nothing.
    await file.appendFile(lines.join(''))
    count += events.length
    after = last.event.version
  }
  return count
}

/** All that the record of the event was made of, and the order as it was after it. */
function toLine({ event, encoded, topic, position, settledAt }: PublishedEvent) {
  return {
    orderId: event.order.orderId,
    version: event.version,
    eventId: event.eventId,
    topic,
    ...position,
    settledAt,
    headers: Object.fromEntries(describeHeaders(event).map(({ name, value }) => [name, value])),
    key: toBase64(encoded.key),
    value: toBase64(encoded.value),
    order: event.order,
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
