import type { EventHeader } from '../../business/ports.ts'
import { CLOUD_EVENT_TYPES, type OrderEvent } from '../../models/order-event.ts'

/** CloudEvents 1.0, Kafka protocol binding, binary mode: attributes as headers with `ce_` in front. */

const SEQUENCE_DIGITS = 10

const names = {
  specVersion: Buffer.from('ce_specversion'),
  id: Buffer.from('ce_id'),
  source: Buffer.from('ce_source'),
  type: Buffer.from('ce_type'),
  time: Buffer.from('ce_time'),
  subject: Buffer.from('ce_subject'),
  sequence: Buffer.from('ce_sequence'),
  contentType: Buffer.from('content-type'),
  traceparent: Buffer.from('traceparent'),
}

const SPEC_VERSION = Buffer.from('1.0')
const SOURCE = Buffer.from('/cart-service')
const CONTENT_TYPE = Buffer.from('application/avro')

/** The same event has the same headers on every try. */
export function eventHeaders(event: OrderEvent): Map<Buffer, Buffer> {
  const headers = new Map([
    [names.specVersion, SPEC_VERSION],
    [names.id, Buffer.from(event.eventId)],
    [names.source, SOURCE],
    [names.type, Buffer.from(CLOUD_EVENT_TYPES[event.type])],
    [names.time, Buffer.from(event.time)],
    [names.subject, Buffer.from(encodeHeaderValue(event.order.orderId))],
    [names.sequence, Buffer.from(String(event.version).padStart(SEQUENCE_DIGITS, '0'))],
    [names.contentType, CONTENT_TYPE],
  ])
  if (event.traceparent !== undefined) {
    headers.set(names.traceparent, Buffer.from(event.traceparent))
  }
  return headers
}

/** For people: every header of ours is text. */
export function describeHeaders(event: OrderEvent): readonly EventHeader[] {
  return Array.from(eventHeaders(event), ([name, value]) => ({
    name: name.toString(),
    value: value.toString(),
  }))
}

/**
 * Percent-encodes everything but printable ASCII, and space, double quote and percent: the set of the
 * CloudEvents HTTP binding (§3.1.3.2), so that a bridge from the topic to HTTP copies the value.
 */
function encodeHeaderValue(value: string): string {
  return value.replaceAll(/[^!-~]|["%]/gu, (character) =>
    Array.from(
      Buffer.from(character),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  )
}

/** The event id of a record read back from the topic; undefined where it is not one of ours. */
export function readEventId(
  headers: ReadonlyArray<[Buffer | null, Buffer | null]>,
): string | undefined {
  for (const [name, value] of headers) {
    if (name !== null && value !== null && name.equals(names.id)) return value.toString()
  }
  return undefined
}
