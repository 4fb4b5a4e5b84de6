import { readEventId } from './event-headers.ts'
import type { TopicReader } from './topic-reader.ts'

export interface SearchResult {
  /** Offset by event id; of an event that stands there twice, the first one. */
  readonly offsets: ReadonlyMap<string, number>
  /** Up to here it has read, and what is there is replicated. */
  readonly end: number
  /** The end of the leader's log when it began. */
  readonly logEnd: number
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
  const logEnd = await reader.endOffset()
  for await (const { offset, record } of reader.read(fromOffset, logEnd, signal)) {
    const eventId = readEventId(record.headers)
    if (eventId !== undefined && wanted.delete(eventId)) offsets.set(eventId, offset)
    if (wanted.size === 0) return { offsets, end: offset + 1, logEnd }
  }
  return { offsets, end: logEnd, logEnd }
}
