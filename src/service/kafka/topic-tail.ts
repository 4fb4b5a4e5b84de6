/**
 * The topic as an onlooker sees it: every partition from a place on, without a consumer group, so
 * that nobody else's reading changes. Each partition is followed by itself, on a connection of its
 * own to its leader. Whatever goes wrong on the way, it is connected anew and reading goes on at the
 * offset behind the last record that was handed over: nothing is left out or handed over twice.
 */
import { describeError } from './broker-errors.ts'
import { PartitionSource, type SourceDeps } from './partition-source.ts'
import type { ReadRecords, SkippedRecords, TimedRecord } from './record-batches.ts'
import type { TopicReader } from './topic-reader.ts'

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

export interface TailDeps extends SourceDeps {
  readonly layoutCheckMs?: number
}

/**
 * Follows the topic until the signal aborts or, with `endsAtEnd`, the end is there. Rejects with a
 * sentence when the topic cannot be found at the start, or where a partition begins and ends, and with what
 * `onRecord` rejects with.
 */
export async function tailTopic(deps: TailDeps, options: TailOptions): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const { partitionCount } = await deps.cluster.refresh()
  const tail = { deps, options: { ...options, signal } }
  const runs = range(0, partitionCount).map((partition) => follow(tail, partition))
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

async function locate(reader: TopicReader, { start, endsAtEnd }: TailOptions): Promise<Reach> {
  const end = await reader.highWatermark()
  return { from: await firstOffset(reader, start, end), end: endsAtEnd ? end : undefined }
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

/** `known`: undefined where the leader is asked first. */
async function follow(tail: Tail, partition: number, known?: Reach): Promise<void> {
  const { signal, onTrouble } = tail.options
  using source = new PartitionSource(tail.deps, partition, {
    signal,
    onTrouble: (reason) => onTrouble(partition, reason),
  })
  try {
    const reach = known ?? (await source.ask((reader) => locate(reader, tail.options)))
    await handOver(tail, partition, source, reach)
  } catch (error) {
    // Somebody ended it.
    if (!signal.aborted || error !== signal.reason) throw error
  }
}

async function handOver(
  { options: { signal, onRecord, onSkipped, onTrouble } }: Tail,
  partition: number,
  source: PartitionSource,
  { from, end }: Reach,
): Promise<void> {
  let next = from
  while (!signal.aborted && (end === undefined || next < end)) {
    const { records, skipped, nextOffset } = await source.ask(
      (reader) => fetchFrom(reader, next, (reason) => onTrouble(partition, reason)),
      Infinity,
    )
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

async function fetchFrom(
  reader: TopicReader,
  offset: number,
  onTrouble: (reason: string | undefined) => void,
): Promise<Pick<ReadRecords, 'records' | 'skipped' | 'nextOffset'>> {
  try {
    return await reader.fetch(offset)
  } catch (error) {
    const reason = describeError(error)
    if (reason !== 'OFFSET_OUT_OF_RANGE') throw error
    // Deleted by retention, or the topic was made anew: what is there begins at another offset.
    onTrouble(reason)
    const nextOffset = await reader.firstOffset()
    onTrouble(undefined)
    return { records: [], skipped: [], nextOffset }
  }
}

function range(from: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - from) }, (_, index) => from + index)
}
