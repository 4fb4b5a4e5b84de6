import type { EventEncoder } from '../../business/ports.ts'
import { schemaIdUnknown } from '../../business/refusals.ts'
import {
  encodeKey,
  encodeAvroKey,
  encodeOrder,
  keySchemaText,
  orderSchemaText,
} from './order-codec.ts'
import type { SubjectSchema } from './schema-registration.ts'

/** `string`: the order id as UTF-8. `avro`: Avro `"string"` in the wire format. */
export type KeyFormat = 'string' | 'avro'

/** What must be registered before events of this topic can be encoded. */
export function listSubjectSchemas(topic: string, keyFormat: KeyFormat): readonly SubjectSchema[] {
  const value = { subject: valueSubject(topic), schema: orderSchemaText }
  if (keyFormat === 'string') return [value]
  return [value, { subject: keySubject(topic), schema: keySchemaText, isOfKeys: true }]
}

/** Events of this topic as the bytes of its records. */
export function createEventEncoder(deps: {
  readonly topic: string
  readonly keyFormat: KeyFormat
  readonly schemaIdOf: (subject: string) => number | undefined
}): EventEncoder {
  const knownIdOf = (subject: string): number => {
    const schemaId = deps.schemaIdOf(subject)
    if (schemaId === undefined) throw schemaIdUnknown()
    return schemaId
  }
  const ofValue = valueSubject(deps.topic)
  const ofKey = keySubject(deps.topic)
  const keyOf = {
    string: encodeKey,
    avro: (orderId: string) => encodeAvroKey(orderId, knownIdOf(ofKey)),
  }[deps.keyFormat]

  return {
    encode({ order }) {
      const schemaId = knownIdOf(ofValue)
      return { key: keyOf(order.orderId), value: encodeOrder(order, schemaId), schemaId }
    },
  }
}

export function valueSubject(topic: string): string {
  return `${topic}-value`
}

export function keySubject(topic: string): string {
  return `${topic}-key`
}
