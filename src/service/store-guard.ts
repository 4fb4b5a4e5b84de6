/**
 * A store that was lost, or restored from an older backup, lacks events that are on the topic. A service
 * on such a store would give out their versions again, and answer 404 for orders that exist. So before a
 * lane is opened for the first time, the end of its partition is compared with the store.
 *
 * An event is stored before it is published. So whatever is on the topic is in the store by the time
 * the store is asked, also where other instances publish meanwhile. What an older store lacks lies
 * behind the last event that it has settled; a little more is read, because a store that has already been
 * used in this state has settled events behind what it lacks.
 */
import type { KafkaCluster } from './kafka/cluster.ts'
import { readRecordedEvent, type RecordedEvent } from './kafka/recorded-event.ts'
import { askLeader } from './kafka/topic-ranges.ts'
import type { TopicReader } from './kafka/topic-reader.ts'

/** Of each partition these are compared always. */
const RECORDS_MIN = 500

/** What others have written behind our last event costs no more than this. */
const RECORDS_MAX = 20_000

/** Bounds one question to the store. */
const ASKED_EVENTS_MAX = 500

/** Partitions that are compared at the same time, each with a connection to its leader and to the database. */
const PARTITIONS_AT_ONCE = 4

/** A start does not begin with another partition after this: its lane does when it opens. */
const START_MS_MAX = 10_000

/** What the store knows of events. Rejects when it cannot be asked. */
export interface KnownEvents {
  /** People know the store by this. */
  readonly name: string
  /** By partition of the topic, the offset of an event that was settled lately; not of every one. */
  latestOffsets(topic: string): Promise<ReadonlyMap<number, number>>
  /** Those that the store has neither settled nor pending. */
  findUnknown(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]>
}

const ADVICE =
  'Run `npx cart rebuild` while no service uses it, or set STORE_BEHIND_TOPIC=accept: then it gives out versions again that the topic has.'

interface FoundEvent extends RecordedEvent {
  readonly offset: number
}

/** Events of this service that stand on a partition and are not in the store. */
export interface Lag {
  readonly partition: number
  /** Of those that were compared: the last ones of the partition. */
  readonly count: number
  readonly first: FoundEvent
}

export interface Compared {
  readonly cluster: KafkaCluster
  readonly known: KnownEvents
}

/** The store lacks events of the topic; the message says which, and what to do. */
export class StoreBehindError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreBehindError'
  }
}

/** Undefined where the store has all that was compared. `settledOffset`: of any event that it has settled. */
export async function findLag(
  { cluster, known }: Compared,
  partition: number,
  settledOffset: number | undefined,
): Promise<Lag | undefined> {
  const events = await askLeader(cluster, partition, (reader) => readEnd(reader, settledOffset))
  const missing: RecordedEvent[] = []
  for (let at = 0; at < events.length; at += ASKED_EVENTS_MAX) {
    missing.push(...(await known.findUnknown(events.slice(at, at + ASKED_EVENTS_MAX))))
  }
  const ids = new Set(missing.map(({ eventId }) => eventId))
  const first = events.find(({ eventId }) => ids.has(eventId))
  return first && { partition, count: ids.size, first }
}

async function readEnd(
  reader: TopicReader,
  settledOffset: number | undefined,
): Promise<FoundEvent[]> {
  const end = await reader.highWatermark()
  const wanted = Math.min(settledOffset ?? end, end - RECORDS_MIN)
  let next = Math.max(await reader.firstOffset(), wanted, end - RECORDS_MAX)
  const events: FoundEvent[] = []
  while (next < end) {
    const { records, nextOffset } = await reader.fetch(next)
    for (const { offset, record } of records) {
      const event = offset < end ? readRecordedEvent(record) : undefined
      if (event !== undefined) events.push({ ...event, offset })
    }
    if (nextOffset <= next) throw new Error(`offset ${next} cannot be read`)
    next = nextOffset
  }
  return events
}

/** What the store lacks, for a person; `topic` and `store` are how they know them. */
export function describeLag(
  { partition, count, first }: Lag,
  topic: string,
  store: string,
): string {
  const { offset, orderId, version } = first
  const others = count === 1 ? '' : ` and ${count - 1} more`
  return `The store (${store}) lacks events of topic ${topic}: version ${version} of order ${orderId} at ${partition}@${offset}${others}`
}

export interface StoreGuardDeps {
  /** How many partitions the topic has; rejects while that cannot be asked. */
  readonly countPartitions: () => Promise<number>
  /** See {@link KnownEvents}. */
  readonly latestOffsets: () => Promise<ReadonlyMap<number, number>>
  /** Rejects while the partition or the store cannot be read. */
  readonly findLag: (
    partition: number,
    settledOffset: number | undefined,
  ) => Promise<Lag | undefined>
  readonly describeLag: (lag: Lag) => string
  /** Hears of a store that is behind, which is accepted then; without it such a store is refused. */
  readonly onAccepted: ((sentence: string) => void) | undefined
  /** Hears of a store that is refused when a lane opens, after the start. */
  readonly onRefused: (error: StoreBehindError) => void
}

/** Each partition is compared once in the life of the process; where that fails, again when asked. */
export class StoreGuard {
  readonly #deps: StoreGuardDeps
  readonly #passes = new Map<number, Promise<void>>()
  /** Asked once: an older answer only makes more to be read. */
  #offsets: Promise<ReadonlyMap<number, number>> | undefined

  constructor(deps: StoreGuardDeps) {
    this.#deps = deps
  }

  /** For a lane that opens. Rejects with {@link StoreBehindError}, or while nothing can be compared. */
  async pass(partition: number): Promise<void> {
    try {
      await this.#compareOnce(partition)
    } catch (error) {
      if (error instanceof StoreBehindError) this.#deps.onRefused(error)
      throw error
    }
  }

  /** At a start. Rejects with {@link StoreBehindError}; what cannot be read now waits for its lane. */
  async passReadable(): Promise<void> {
    const endMs = performance.now() + START_MS_MAX
    const partitionCount = await this.#deps.countPartitions().catch(() => 0)
    const waiting = Array.from({ length: partitionCount }, (_, index) => index)
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (performance.now() > endMs) return
        await this.#compareOnce(next).catch((error: unknown) => {
          if (error instanceof StoreBehindError) throw error
        })
      }
    }
    await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, work))
  }

  /** Once more, and all: another store may answer now. Rejects with {@link StoreBehindError}, or while one cannot be read. */
  async passAll(): Promise<void> {
    this.#passes.clear()
    this.#offsets = undefined
    const partitionCount = await this.#deps.countPartitions()
    for (let partition = 0; partition < partitionCount; partition += 1) await this.pass(partition)
  }

  #compareOnce(partition: number): Promise<void> {
    const passing = this.#passes.get(partition) ?? this.#compare(partition)
    this.#passes.set(partition, passing)
    return passing
  }

  async #compare(partition: number): Promise<void> {
    const { latestOffsets, findLag: find, describeLag: describe, onAccepted } = this.#deps
    try {
      this.#offsets ??= latestOffsets()
      const lag = await find(partition, (await this.#offsets).get(partition))
      if (lag === undefined) return
      if (onAccepted === undefined) throw new StoreBehindError(`${describe(lag)}. ${ADVICE}`)
      onAccepted(describe(lag))
    } catch (error) {
      this.#passes.delete(partition)
      this.#offsets = undefined
      throw error
    }
  }
}
