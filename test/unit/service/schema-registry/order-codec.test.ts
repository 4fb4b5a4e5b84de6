import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import avro from 'avsc'
import type { Order, OrderId } from '../../../../src/models/order.ts'
import {
  decodeOrder,
  encodeAvroKey,
  encodeKey,
  encodeOrder,
  keySchemaText,
  orderSchemaText,
} from '../../../../src/service/schema-registry/order-codec.ts'

const SMALL: Order = {
  orderId: 'A' as OrderId,
  customerId: 'C',
  orderDate: 'D',
  items: [{ itemId: 'I', quantity: 3, priceMinor: 1999 }],
  totalMinor: 5997,
  currency: 'USD',
  status: 'pending',
}

/** Written by hand from the Avro specification, in the order of the contract's fields. */
const SMALL_BYTES = Buffer.from(
  [
    '00 00000102', // wire format: magic byte, schema id 258
    '02 41', // orderId "A"
    '02 43', // customerId "C"
    '02 44', // orderDate "D"
    '02', // items: a block of one
    '02 49', // itemId "I"
    '06', // quantity 3
    '3d0ad7a370fd3340', // price 19.99
    '00', // no more blocks
    '5c8fc2f528fc4d40', // totalAmount 59.97
    '06 555344', // currency "USD"
    '0e 70656e64696e67', // status "pending"
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
)

/**
 * Printed by Java's Avro, which npm run dev and npm test bring along in .dev/lib; an integration test
 * prints it again:
 * java -cp '.dev/lib/registry-3.0.9/lib/*' test/support/PrintSchema.java schemas/order.avsc
 */
const SCHEMA_BY_JAVA = readFileSync(new URL('order-by-java.txt', import.meta.url), 'utf8').trimEnd()

test('the registered texts are to the byte what Java prints', () => {
  assert.equal(orderSchemaText, SCHEMA_BY_JAVA)
  assert.equal(keySchemaText, '"string"')
})

/** The schema of the Python service: the same fields, without docs. */
const PLAIN_SCHEMA: avro.Schema = {
  type: 'record',
  name: 'Order',
  namespace: 'com.ecommerce.order',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'customerId', type: 'string' },
    { name: 'orderDate', type: 'string' },
    {
      name: 'items',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'OrderItem',
          fields: [
            { name: 'itemId', type: 'string' },
            { name: 'quantity', type: 'int' },
            { name: 'price', type: 'double' },
          ],
        },
      },
    },
    { name: 'totalAmount', type: 'double' },
    { name: 'currency', type: 'string' },
    { name: 'status', type: 'string' },
  ],
}

describe('the order codec', () => {
  test('writes an order byte for byte as the contract has it', () => {
    assert.deepEqual(Buffer.from(encodeOrder(SMALL, 258)), SMALL_BYTES)
  })

  test('reads what it wrote', () => {
    assert.deepEqual(decodeOrder(SMALL_BYTES), { schemaId: 258, order: SMALL })
  })

  test('reads bytes that lie inside others', () => {
    const surrounded = Buffer.concat([Buffer.from([9]), SMALL_BYTES, Buffer.from([9])])
    const bytes = new Uint8Array(surrounded.buffer, surrounded.byteOffset + 1, SMALL_BYTES.length)
    assert.deepEqual(decodeOrder(bytes), { schemaId: 258, order: SMALL })
  })

  test('writes an order larger than any before it, and small ones after it', () => {
    const items = Array.from({ length: 1_000 }, (_, index) => ({
      itemId: `ITEM-${'X'.repeat(40)}-${index}`,
      quantity: 5,
      priceMinor: index,
    }))
    const large: Order = { ...SMALL, items }
    const bytes = encodeOrder(large, 1)
    assert.deepEqual(decodeOrder(bytes).order, large)
    assert.deepEqual(Buffer.from(encodeOrder(SMALL, 258)), SMALL_BYTES)
    assert.deepEqual(decodeOrder(bytes).order, large)
  })

  test('hands out bytes with memory of their own', () => {
    for (const bytes of [encodeOrder(SMALL, 1), encodeKey('A'), encodeAvroKey('A', 1)]) {
      assert.equal(bytes.buffer.byteLength, bytes.byteLength)
    }
  })

  test('writes a key as UTF-8, or framed as an Avro string', () => {
    assert.deepEqual(Buffer.from(encodeKey('ä€😀')), Buffer.from('ä€😀'))
    assert.deepEqual(Buffer.from(encodeAvroKey('ä', 3)), Buffer.from('000000000304c3a4', 'hex'))
  })

  test('writes the longest key there is', () => {
    const orderId = '😀'.repeat(255)
    assert.deepEqual(Buffer.from(encodeKey(orderId)), Buffer.from(orderId))
  })

  const unreadable: ReadonlyArray<[string, Uint8Array, RegExp]> = [
    ['nothing', new Uint8Array(), /not in the wire format/],
    ['a bare header', SMALL_BYTES.subarray(0, 5), /not in the wire format/],
    ['another first byte', Buffer.from(SMALL_BYTES).fill(1, 0, 1), /not in the wire format/],
    ['a cut order', SMALL_BYTES.subarray(0, -1), /truncated buffer/],
    ['more than an order', Buffer.concat([SMALL_BYTES, Buffer.from([0])]), /trailing data/],
    ['another currency', replaced('USD', 'XXX'), /unknown currency XXX/],
    ['another status', replaced('pending', 'unknown'), /unknown status unknown/],
    ['an order id that cannot be', replaced('A', '\n'), /no usable order id/],
  ]
  for (const [what, bytes, message] of unreadable) {
    test(`refuses to read ${what}`, () => {
      assert.throws(() => decodeOrder(bytes), message)
    })
  }
})

describe('the order schema', () => {
  const ours = avro.Type.forSchema(JSON.parse(orderSchemaText) as avro.Schema)
  const plain = avro.Type.forSchema(PLAIN_SCHEMA)

  test('is the schema of the Python service but for its docs', () => {
    assert.deepEqual(ours.fingerprint(), plain.fingerprint())
  })

  const { orderId, customerId, orderDate, currency, status } = SMALL
  const record = {
    orderId,
    customerId,
    orderDate,
    items: [{ itemId: 'I', quantity: 3, price: 19.99 }],
    totalAmount: 59.97,
    currency,
    status,
  }

  test('is read by consumers of the Python service', () => {
    const read: unknown = plain.fromBuffer(SMALL_BYTES.subarray(5), plain.createResolver(ours))
    assert.equal(JSON.stringify(read), JSON.stringify(record))
  })

  test('reads what the Python service wrote', () => {
    const read: unknown = ours.fromBuffer(plain.toBuffer(record), ours.createResolver(plain))
    assert.equal(JSON.stringify(read), JSON.stringify(record))
  })
})

function replaced(text: string, other: string): Uint8Array {
  return Buffer.from(SMALL_BYTES.toString('latin1').replace(text, other), 'latin1')
}
