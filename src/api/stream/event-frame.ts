import { Buffer } from 'node:buffer'
import type { ReaderStart } from '../../business/stream/live-feed.ts'
import type { EventPlace, PlacedEvent } from '../../business/stream/settled-feed.ts'
import { CLOUD_EVENT_TYPES } from '../../models/order-event.ts'
import { toJsonLine } from '../json-line.ts'
import { toOrderJson } from '../schemas/order-json.ts'

/** Server-sent events as the HTML standard has them (section 9.2). */

/** What a reader whose connection ends waits before it connects again. */
const RETRY_MS = 2_000

export const PLACE_PATTERN = String.raw`^(\d{1,15})-(\d{1,15})$`

/** A place as `Last-Event-ID`. Opaque to callers: what it says may change. */
export function writePlace({ settling, arrival }: EventPlace): string {
  return `${settling}-${arrival}`
}

/** Undefined for what is none of ours. */
export function readPlace(text: string): EventPlace | undefined {
  const [, settling, arrival] = new RegExp(PLACE_PATTERN).exec(text) ?? []
  if (settling === undefined || arrival === undefined) return undefined
  return { settling: Number(settling), arrival: Number(arrival) }
}

/**
 * Sets the reader's place, without an order's event: it has one before the first event comes. One that
 * begins with the last events is told where those end.
 */
export function openingFrame({
  place,
  recentUntil,
}: Pick<ReaderStart, 'place' | 'recentUntil'>): string {
  const recent =
    recentUntil === undefined
      ? ''
      : `event: recent\ndata: ${JSON.stringify({ until: writePlace(recentUntil) })}\n`
  return `retry: ${RETRY_MS}\nid: ${writePlace(place)}\n${recent}\n`
}

/** Shows both ends that the other is there, and moves the place past events that were not asked for. */
export function heartbeatFrame(place: EventPlace): string {
  return `: still here\nid: ${writePlace(place)}\n\n`
}

function toStreamEventJson({ position, order, ...event }: PlacedEvent) {
  return {
    eventId: event.eventId,
    type: CLOUD_EVENT_TYPES[event.type],
    version: event.version,
    time: event.time,
    settledAt: event.settledAt,
    topic: event.topic,
    ...position,
    schemaId: event.schemaId,
    order: toOrderJson(order),
  }
}

export function eventFrame(event: PlacedEvent): Buffer {
  const json = toStreamEventJson(event)
  const data = toJsonLine(json)
  return Buffer.from(`id: ${writePlace(event.place)}\nevent: ${json.type}\ndata: ${data}\n\n`)
}
