import { readEventId } from './event-headers.ts'
import type { TopicReader } from './topic-reader.ts'

export interface SearchResult {
  /** Offset by event id; of an event that stands there twice, the first one. */
  readonly offsets: ReadonlyMap<string, number>
  /** What it found is true up to here: the partition's end when it began, or behind the last find. */
  readonly end: number
}

/** Looks on the topic for events that may have been sent. Rejects when it cannot read to the end. */
export async function searchEvents(
  reader: TopicReader,
  eventIds: readonly string[],
  fromOffset: number,
  signal: AbortSignal,
): Promise<SearchResult> {
  const wanted = new Set(eventIds)
  const offsets = new Map<string, number>()
  const end = await reader.endOffset()
  for await (const { offset, record } of reader.read(fromOffset, end, signal)) {
    const eventId = readEventId(record.headers)
    if (eventId !== undefined && wanted.delete(eventId)) offsets.set(eventId, offset)
    if (wanted.size === 0) return { offsets, end: offset + 1 }
  }
  return { offsets, end }
}
