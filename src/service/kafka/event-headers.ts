import type { EventHeader } from '../../business/ports.ts'
import type { HeaderRule } from '../../models/event-contract.ts'
import {
  CLOUD_EVENT_TYPES,
  ORDER_EVENT_TYPES,
  type OrderEvent,
  type OrderEventType,
} from '../../models/order-event.ts'
import { splitPrincipal } from '../../models/caller.ts'
import { ORDER_ID_PATTERN } from '../../models/order.ts'
import type { ByteWriter } from './byte-writer.ts'
import { EVENT_SOURCE } from './recorded-event.ts'

/**
 * CloudEvents 1.0, Kafka protocol binding, binary mode: attributes as headers with `ce_` in front, their
 * values in UTF-8 as they are (§3.2.3; it is HTTP that percent-encodes).
 */

const SEQUENCE_DIGITS = 10

const ID_NAME = Buffer.from('ce_id')

interface Header extends HeaderRule {
  readonly nameBytes: Buffer
  /** Undefined where the event does not carry it. */
  readonly valueOf: (event: OrderEvent) => string | undefined
}

/** THE table of headers: what is written, and what the documents say of it. */
const HEADERS: readonly Header[] = [
  constant('ce_specversion', '1.0', 'the version of CloudEvents'),
  text(
    'ce_id',
    'the event id, a UUID v7. Two messages with the same one are the same event',
    {
      format: 'uuid',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    },
    ({ eventId }) => eventId,
  ),
  constant('ce_source', EVENT_SOURCE, 'the service'),
  text(
    'ce_type',
    'what happened',
    { enum: ORDER_EVENT_TYPES.map((type) => CLOUD_EVENT_TYPES[type]) },
    ({ type }) => CLOUD_EVENT_TYPES[type],
  ),
  text(
    'ce_time',
    'when the change was made, ISO 8601 in UTC with `Z`',
    { format: 'date-time', pattern: 'Z$' },
    ({ time }) => time,
  ),
  text(
    'ce_subject',
    'the order id as it is, in UTF-8; nothing is percent-encoded',
    { pattern: ORDER_ID_PATTERN },
    ({ order }) => order.orderId,
  ),
  text(
    'ce_sequence',
    `the version of the order: 1 for its creation, then without gaps, zero-padded to ${SEQUENCE_DIGITS} digits so that it also sorts as text`,
    { pattern: `^[0-9]{${SEQUENCE_DIGITS}}$` },
    ({ version }) => String(version).padStart(SEQUENCE_DIGITS, '0'),
  ),
  constant('content-type', 'application/avro', 'what the value is'),
  optionalText(
    'traceparent',
    'the W3C trace context of the request, if it carried a valid one',
    { pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
    ({ traceparent }) => traceparent,
  ),
  // The two of the CloudEvents extension "Auth Context" that say who, and not what else a token said.
  optionalText(
    'ce_authtype',
    'the kind of principal whose request caused the change, where callers are asked who they are',
    { pattern: '^(?:api_key|service_account|user)$' },
    ({ principal }) => principal && splitPrincipal(principal).kind,
  ),
  optionalText(
    'ce_authid',
    'the id of that principal, such as the id of its API key',
    {},
    ({ principal }) => principal && splitPrincipal(principal).id,
  ),
]

/** The same event has the same headers on every try. */
export function eventHeaders(event: OrderEvent): Map<Buffer, Buffer> {
  const headers = new Map<Buffer, Buffer>()
  for (const { nameBytes, valueOf } of HEADERS) {
    const value = valueOf(event)
    if (value !== undefined) headers.set(nameBytes, Buffer.from(value))
  }
  return headers
}

/** The same, into a record: their number, and then each of them. */
export function writeHeaders(writer: ByteWriter, event: OrderEvent): void {
  const countAt = writer.at
  writer.varint(0)
  let count = 0
  for (const { nameBytes, valueOf } of HEADERS) {
    const value = valueOf(event)
    if (value === undefined) continue
    count += 1
    writer.framed(nameBytes)
    writer.framedText(value)
  }
  // Far fewer than 64, which is one byte of a varint.
  writer.replaceByte(countAt, 2 * count)
}

/** The sum over the event's headers of what `bytesOf` makes of the lengths of name and value. */
export function sumHeaderBytes(
  event: OrderEvent,
  bytesOf: (nameBytes: number, valueBytes: number) => number,
): number {
  let sum = 0
  for (const { nameBytes, valueOf } of HEADERS) {
    const value = valueOf(event)
    if (value !== undefined) sum += bytesOf(nameBytes.length, Buffer.byteLength(value))
  }
  return sum
}

/** For people: every header of ours is text. */
export function describeHeaders(event: OrderEvent): readonly EventHeader[] {
  return Array.from(eventHeaders(event), ([name, value]) => ({
    name: name.toString(),
    value: value.toString(),
  }))
}

/** What the headers of an event of this type are, in their order. */
export function headerRulesOf(type: OrderEventType): readonly HeaderRule[] {
  return HEADERS.map(({ name, description, isRequired, schema }) => ({
    name,
    description,
    isRequired,
    schema: name === 'ce_type' ? { type: 'string', const: CLOUD_EVENT_TYPES[type] } : schema,
  }))
}

function constant(name: string, value: string, description: string): Header {
  const schema = { type: 'string', const: value } as const
  return { ...named(name, description), isRequired: true, schema, valueOf: () => value }
}

type TextSchema = Omit<HeaderRule['schema'], 'type'>

function text(
  name: string,
  description: string,
  schema: TextSchema,
  valueOf: (event: OrderEvent) => string,
): Header {
  return { ...optionalText(name, description, schema, valueOf), isRequired: true }
}

function optionalText(
  name: string,
  description: string,
  schema: TextSchema,
  valueOf: (event: OrderEvent) => string | undefined,
): Header {
  return {
    ...named(name, description),
    isRequired: false,
    schema: { type: 'string', ...schema },
    valueOf,
  }
}

function named(name: string, description: string) {
  return { name, nameBytes: Buffer.from(name), description }
}

/** The event id of a record read back from the topic; undefined where it is not one of ours. */
export function readEventId(
  headers: ReadonlyArray<readonly [Buffer, Buffer | null]>,
): string | undefined {
  for (const [name, value] of headers) {
    if (value !== null && name.equals(ID_NAME)) return value.toString()
  }
  return undefined
}
