/**
 * The topic as an onlooker sees it: every partition from a place on, without a consumer group, so
 * that nobody else's reading changes. Each partition is followed by itself, on a connection of its
 * own to its leader. Whatever goes wrong on the way, it is connected anew and reading goes on at the
 * offset behind the last record that was handed over: nothing is left out or handed over twice.
 */
import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../../business/ports.ts'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import { describeError } from './broker-errors.ts'
import type { KafkaCluster } from './cluster.ts'
import type { ReadRecords, SkippedRecords, TimedRecord } from './record-batches.ts'
import { TopicReader } from './topic-reader.ts'

/** More than the broker waits for a first record. */
const CONNECTION_TIMEOUTS = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000 }

const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 2_000

/** How soon records in partitions that were added to the topic are seen. */
const LAYOUT_CHECK_MS = 5_000

/** `since`: the first record of that time or later. */
export type TailStart =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'end' }
  | { readonly kind: 'since'; readonly timestampMs: number }

export interface TailedRecord extends TimedRecord {
  readonly partition: number
}

export interface TailOptions {
  readonly start: TailStart
  /** End where the partitions end now, instead of waiting for more. */
  readonly endsAtEnd: boolean
  /** Of one partition one after the other, in order; a partition waits for its record to be done. */
  readonly onRecord: (record: TailedRecord) => Promise<void>
  /** Records that are beyond the bounds of what is read; `onRecord` does not get them. */
  readonly onSkipped: (skipped: SkippedRecords & { readonly partition: number }) => void
  /** A partition cannot be read now; undefined: it can again. */
  readonly onTrouble: (partition: number, reason: string | undefined) => void
  readonly signal: AbortSignal
}

export interface TailDeps {
  readonly cluster: KafkaCluster
  readonly clock: Pick<Clock, 'sleep'>
  readonly layoutCheckMs?: number
}

/**
 * Follows the topic until the signal aborts or, with `endsAtEnd`, the end is there. Rejects with a
 * sentence when the topic cannot be found at the start, and with what `onRecord` rejects with.
 */
export async function tailTopic(deps: TailDeps, options: TailOptions): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const { partitionCount } = await deps.cluster.refresh()
  const ranges = await Promise.all(
    range(0, partitionCount).map((partition) => locate(deps.cluster, partition, options)),
  )
  const tail = { deps, options: { ...options, signal } }
  const runs = ranges.map((reach, partition) => follow(tail, partition, reach))
  if (!options.endsAtEnd) runs.push(followAdded(tail, partitionCount))
  try {
    await Promise.all(runs)
  } finally {
    failed.abort()
    await Promise.allSettled(runs)
  }
}

interface Tail {
  readonly deps: TailDeps
  readonly options: TailOptions
}

/** The offsets to read, `end` not included; undefined where there is no end. */
interface Reach {
  readonly from: number
  readonly end: number | undefined
}

async function locate(
  cluster: KafkaCluster,
  partition: number,
  { start, endsAtEnd }: TailOptions,
): Promise<Reach> {
  const leader = await cluster.leaderOf(partition)
  return cluster.withConnection(leader.broker, async (connection) => {
    const reader = new TopicReader(connection, cluster.topic, partition)
    const end = await reader.highWatermark()
    return { from: await firstOffset(reader, start, end), end: endsAtEnd ? end : undefined }
  })
}

async function firstOffset(reader: TopicReader, start: TailStart, end: number): Promise<number> {
  switch (start.kind) {
    case 'beginning':
      return reader.firstOffset()
    case 'end':
      return end
    case 'since':
      return (await reader.offsetSince(start.timestampMs)) ?? end
  }
}

/** A record in a new partition is as new as the partition: it is read from its beginning. */
async function followAdded(tail: Tail, knownCount: number): Promise<void> {
  const { cluster, clock, layoutCheckMs = LAYOUT_CHECK_MS } = tail.deps
  const { signal } = tail.options
  while (!signal.aborted) {
    await clock.sleep(layoutCheckMs, signal)
    if (signal.aborted) return
    const partitionCount = await cluster.refresh().then(
      (layout) => layout.partitionCount,
      // Those that follow the partitions have more to say on it.
      () => knownCount,
    )
    if (partitionCount <= knownCount) continue
    const added = range(knownCount, partitionCount)
    const reach = { from: 0, end: undefined }
    await Promise.all([
      ...added.map((partition) => follow(tail, partition, reach)),
      followAdded(tail, partitionCount),
    ])
    return
  }
}

async function follow(tail: Tail, partition: number, { from, end }: Reach): Promise<void> {
  const { signal, onRecord, onSkipped } = tail.options
  using source = new PartitionSource(tail, partition)
  let next = from
  while (!signal.aborted && (end === undefined || next < end)) {
    const { records, skipped, nextOffset } = await source.fetch(next)
    for (const gap of skipped) {
      if (end === undefined || gap.firstOffset < end) onSkipped({ ...gap, partition })
    }
    for (const record of records) {
      if (signal.aborted || (end !== undefined && record.offset >= end)) return
      await onRecord({ ...record, partition })
    }
    next = nextOffset
  }
}

/** One partition, on whatever connection leads to it. */
class PartitionSource {
  readonly #tail: Tail
  readonly #partition: number
  readonly #stop = (): void => this.#drop()
  #connection: Connection | undefined
  #leader: Broker | undefined
  #failures = 0

  constructor(tail: Tail, partition: number) {
    this.#tail = tail
    this.#partition = partition
    // A look that waits for records ends at once.
    tail.options.signal.addEventListener('abort', this.#stop)
  }

  /** Never rejects: what fails is told, waited for, and answered as nothing fetched. */
  async fetch(offset: number): Promise<Pick<ReadRecords, 'records' | 'skipped' | 'nextOffset'>> {
    try {
      const reader = await this.#reader()
      const fetched = await reader.fetch(offset)
      if (this.#failures > 0) this.#tail.options.onTrouble(this.#partition, undefined)
      this.#failures = 0
      return fetched
    } catch (error) {
      const nextOffset = await this.#recover(error, offset)
      return { records: [], skipped: [], nextOffset }
    }
  }

  [Symbol.dispose](): void {
    this.#tail.options.signal.removeEventListener('abort', this.#stop)
    this.#drop()
  }

  async #reader(): Promise<TopicReader> {
    const { cluster } = this.#tail.deps
    if (this.#connection === undefined) {
      this.#leader = (await cluster.leaderOf(this.#partition)).broker
      this.#connection = await connectToBroker(
        cluster.clientId,
        this.#leader,
        CONNECTION_TIMEOUTS,
        cluster.access,
      )
    }
    return new TopicReader(this.#connection, cluster.topic, this.#partition)
  }

  /** Where to go on. */
  async #recover(error: unknown, offset: number): Promise<number> {
    const { deps, options } = this.#tail
    if (options.signal.aborted) return offset
    const reason = describeError(error)
    options.onTrouble(this.#partition, reason)
    if (reason === 'OFFSET_OUT_OF_RANGE') {
      // Deleted by retention, or the topic was made anew: what is there begins at another offset.
      const reader = await this.#reader()
      return reader.firstOffset().catch(() => offset)
    }
    this.#drop()
    if (this.#leader !== undefined) deps.cluster.suspect(this.#leader)
    const delayMs = Math.min(RETRY_DELAY_MIN_MS * 2 ** this.#failures, RETRY_DELAY_MAX_MS)
    this.#failures += 1
    await deps.clock.sleep(delayMs, options.signal)
    return offset
  }

  #drop(): void {
    if (this.#connection !== undefined) dropConnection(this.#connection)
    this.#connection = undefined
  }
}

function range(from: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - from) }, (_, index) => from + index)
}
