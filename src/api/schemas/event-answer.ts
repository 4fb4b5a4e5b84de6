import { Type, type Static } from 'typebox'
import type { DescribedEvent } from '../../business/order/queries.ts'
import { EXAMPLE_EVENT, orderEventSchema, toOrderEventJson } from './list-answers.ts'
import { EXAMPLE_ORDER, toOrderJson, type OrderJson } from './order-json.ts'
import { orderPath } from './order-requests.ts'
import { ruled } from './rule.ts'

/** One event with all that its record on the topic is made of. */

/** Magic byte and schema id: the wire format of the Schema Registry. */
const FRAMING_BYTES = 5

/** A text, because a path is; read by Number. */
export const eventPath = Type.Object({
  ...orderPath.properties,
  version: Type.String({
    ...ruled('Which change of the order, from 1.', 'must be an integer from 1'),
    pattern: '^[1-9][0-9]{0,8}$',
    examples: ['1'],
  }),
})

const keySchema = Type.Object({
  text: Type.Union([Type.String(), Type.Null()], {
    description: 'The key as UTF-8; null where it is Avro (`KAFKA_KEY_FORMAT=avro`).',
  }),
  hex: Type.String({ description: 'Its bytes.' }),
})

const valueSchema = Type.Object({
  sizeBytes: Type.Integer(),
  framingHex: Type.String({
    description: 'The first five bytes: 0, then the schema id as 4 bytes, big-endian.',
  }),
  base64: Type.String({ description: 'All bytes; as large as a record may be.' }),
  order: Type.Unsafe<OrderJson>(Type.Ref('Order#')),
})

const describedEventSchema = Type.Object({
  ...orderEventSchema.properties,
  settledAt: Type.String({
    description: 'When the acknowledged event was recorded, by the clock of the store.',
  }),
  key: keySchema,
  headers: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
  value: valueSchema,
})

type DescribedEventJson = Static<typeof describedEventSchema>

const EXAMPLE: DescribedEventJson = {
  ...EXAMPLE_EVENT,
  settledAt: '2026-01-31T12:00:00.004Z',
  key: { text: 'ORD-1', hex: '4f52442d31' },
  headers: [
    { name: 'ce_specversion', value: '1.0' },
    { name: 'ce_id', value: EXAMPLE_EVENT.eventId },
  ],
  value: {
    sizeBytes: 9,
    framingHex: '0000000001',
    base64: 'AAAAAAEKT1JELTE=',
    order: EXAMPLE_ORDER,
  },
}

export const eventAnswer = Type.Object(
  { success: Type.Literal(true), message: Type.String(), data: describedEventSchema },
  {
    description: 'The event, as it stands on the topic.',
    examples: [{ success: true, message: "Event 1 of order 'ORD-1' found", data: EXAMPLE }],
  },
)

export function toDescribedEventJson(described: DescribedEvent): DescribedEventJson {
  const { event, encoded, topic, position, settledAt, headers } = described
  const { order } = event
  const key = toBuffer(encoded.key)
  const value = toBuffer(encoded.value)
  const { status } = order
  return {
    ...toOrderEventJson({ ...event, status, topic, position, schemaId: encoded.schemaId }),
    settledAt,
    key: {
      text: key.equals(Buffer.from(order.orderId)) ? order.orderId : null,
      hex: key.toString('hex'),
    },
    headers: [...headers],
    value: {
      sizeBytes: value.length,
      framingHex: value.subarray(0, FRAMING_BYTES).toString('hex'),
      base64: value.toString('base64'),
      order: toOrderJson(order),
    },
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
