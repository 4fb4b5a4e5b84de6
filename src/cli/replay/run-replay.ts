import { createCluster, readPublishedEvents } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import type { PublishedEvent } from '../../models/order-event.ts'
import { writeCopies } from '../../service/kafka/topic-writer.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'

/** Both bound one write; the bytes stay well below a broker's default for one request. */
const BATCH_EVENTS_MAX = 200
const BATCH_BYTES_MAX = 700_000

export interface ReplayOptions {
  readonly topic: string
  /** Undefined: of all orders. */
  readonly orderIds: ReadonlySet<string> | undefined
  /** By the time of the event; `untilMs` is not included. */
  readonly fromMs: number
  readonly untilMs: number
  readonly isRehearsal: boolean
  readonly onProgress: (copied: number) => void
}

/** Resolves with how many events were copied. Rejects, with that number, where one cannot be written. */
export async function runReplay(config: Config, options: ReplayOptions): Promise<number> {
  const { database, kafkaTopic } = config
  if (options.topic === kafkaTopic) {
    throw new Error(
      `${kafkaTopic} is the topic of the service: copies would stand there behind later versions. Name another one`,
    )
  }
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is seen by its process alone')
  }
  const cluster = createCluster(config, options.topic)
  // Says that there is no such topic before anything is read.
  await cluster.refresh()
  const replayedAt = new Date()
  let copied = 0
  for await (const batch of batches(config, options)) {
    try {
      if (!options.isRehearsal) await writeCopies(cluster, batch, replayedAt)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`after ${copied} copies: ${reason}`, { cause: error })
    }
    copied += batch.length
    options.onProgress(copied)
  }
  return copied
}

async function* batches(
  config: Config,
  { orderIds, fromMs, untilMs }: ReplayOptions,
): AsyncGenerator<readonly PublishedEvent[]> {
  let batch: PublishedEvent[] = []
  let bytes = 0
  for await (const event of readPublishedEvents(config)) {
    const { time, order } = event.event
    // Of an erased order the last event alone has bytes. Without them it would be a tombstone.
    if (event.encoded.value.length === 0) continue
    const timeMs = Date.parse(time)
    if (timeMs < fromMs || timeMs >= untilMs) continue
    if (orderIds !== undefined && !orderIds.has(order.orderId)) continue
    batch.push(event)
    bytes += event.encoded.value.length
    if (batch.length < BATCH_EVENTS_MAX && bytes < BATCH_BYTES_MAX) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
