import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CommandError } from '../../../../src/business/errors.ts'
import type { OrderEvent } from '../../../../src/models/order-event.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import {
  createEventEncoder,
  listSubjectSchemas,
  type KeyFormat,
} from '../../../../src/service/schema-registry/event-encoder.ts'
import {
  decodeOrder,
  encodeAvroKey,
  orderSchemaText,
} from '../../../../src/service/schema-registry/order-codec.ts'

const EVENT: OrderEvent = {
  eventId: '01890a5d-ac96-774b-bcce-b302099a8057',
  type: 'order-created',
  version: 1,
  time: '2026-11-23T08:00:00.000Z',
  order: {
    orderId: 'ORD-1' as OrderId,
    customerId: 'CUST-1234',
    orderDate: '2026-11-23T08:00:00.000Z',
    items: [{ itemId: 'ITEM-PHONE-123', quantity: 2, priceMinor: 1050 }],
    totalMinor: 2100,
    currency: 'JPY',
    status: 'pending',
  },
}

describe('the event encoder', () => {
  test('encodes the order by the id of its subject, and its id as the key', () => {
    const { key, value, schemaId } = encoderOf('string', { 'orders-value': 9 }).encode(EVENT)
    assert.equal(Buffer.from(key).toString(), 'ORD-1')
    assert.deepEqual(decodeOrder(value), { schemaId: 9, order: EVENT.order })
    assert.equal(schemaId, 9)
  })

  test('frames an Avro key by the id of its own subject', () => {
    const schemaIds = { 'orders-value': 9, 'orders-key': 4 }
    const { key } = encoderOf('avro', schemaIds).encode(EVENT)
    assert.deepEqual(key, encodeAvroKey('ORD-1', 4))
  })

  test('uses an id that became known later', () => {
    const schemaIds: Record<string, number> = {}
    const encoder = encoderOf('string', schemaIds)
    assert.throws(() => encoder.encode(EVENT))
    schemaIds['orders-value'] = 5
    assert.equal(encoder.encode(EVENT).schemaId, 5)
  })

  const unknown: ReadonlyArray<[string, KeyFormat, Record<string, number>]> = [
    ['value', 'string', { 'orders-key': 4 }],
    ['key', 'avro', { 'orders-value': 9 }],
  ]
  for (const [what, keyFormat, schemaIds] of unknown) {
    test(`answers not-applied while the id of the ${what} is unknown`, () => {
      assert.throws(
        () => encoderOf(keyFormat, schemaIds).encode(EVENT),
        (error) => {
          assert.ok(error instanceof CommandError)
          assert.equal(error.code, 'SCHEMA_REGISTRY_UNAVAILABLE')
          assert.equal(error.outcome, 'not-applied')
          return true
        },
      )
    })
  }

  test('needs a subject for the key only when keys are Avro', () => {
    const value = { subject: 'orders-value', schema: orderSchemaText }
    assert.deepEqual(listSubjectSchemas('orders', 'string'), [value])
    assert.deepEqual(listSubjectSchemas('orders', 'avro'), [
      value,
      { subject: 'orders-key', schema: '"string"', isOfKeys: true },
    ])
  })
})

function encoderOf(keyFormat: KeyFormat, schemaIds: Readonly<Record<string, number>>) {
  return createEventEncoder({
    topic: 'orders',
    keyFormat,
    schemaIdOf: (subject) => schemaIds[subject],
  })
}
