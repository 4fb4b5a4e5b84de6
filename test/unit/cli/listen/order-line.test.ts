import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { ReadableRecord } from '../../../../src/cli/listen/watch-topic.ts'
import { matches } from '../../../../src/cli/listen/listen.ts'
import { createOrderLines } from '../../../../src/cli/listen/order-line.ts'
import { paintFor } from '../../../../src/cli/paint.ts'

const record: ReadableRecord = {
  key: 'ORD-1',
  partition: 2,
  offset: 41,
  timestamp: '2026-11-24T09:00:00.123Z',
  headers: { ce_type: 'com.ecommerce.order.status-changed', ce_sequence: '0000000012' },
  schemaId: 7,
  value: { orderId: 'ORD-1', status: 'shipped', totalAmount: 788.06, currency: 'EUR' },
}

const plain = paintFor(new PassThrough())

test('an event is one line without colours where nobody sees them', () => {
  assert.equal(
    createOrderLines(plain)(record),
    '2026-11-24T09:00:00.123Z  ORD-1          v12  status-changed  shipped      788.06 EUR  2@41',
  )
})

test('an amount has the decimals of its currency', () => {
  const value = { ...(record.value as object), totalAmount: 20.5 }
  assert.match(createOrderLines(plain)({ ...record, value }), / {7}20\.50 EUR {2}2@41$/)
})

test('in a narrow terminal no line is broken', () => {
  const line = createOrderLines(plain, 80)
  assert.equal(
    line(record),
    '11-24 09:00:00  ORD-1                    v12  shipped      788.06 EUR  2@41',
  )
  const value = { ...(record.value as object), orderId: 'O'.repeat(60), totalAmount: 12_345.6 }
  const long = line({ ...record, offset: 1_234_567, value })
  assert.match(long, /^11-24 09:00:00  O+…   v12  shipped    12345\.60 EUR  2@1234567$/)
  assert.ok(long.length <= 80)
})

test('columns stay under each other, from a long order id on', () => {
  const line = createOrderLines(plain)
  const created = { ce_type: 'com.ecommerce.order.created', ce_sequence: '1' }
  const long = { ...record, value: { ...(record.value as object), orderId: 'O'.repeat(30) } }
  const lines = [line(long), line(record), line({ ...record, headers: created })]
  assert.equal(new Set(lines.map((text) => text.indexOf('shipped'))).size, 1)
  assert.equal(new Set(lines.map((text) => text.indexOf('2@41'))).size, 1)
})

test('what cannot be decoded is shown with its place, the reason and its first bytes', () => {
  const { value: _, ...rest } = record
  const problem = { reason: 'truncated buffer', hexPrefix: '0000000001' }
  const text = createOrderLines(plain)({ ...rest, value: undefined, problem })
  assert.match(text, /ORD-1 .* cannot be decoded +2@41 +truncated buffer \[00 00 00 00 01\]$/)
  const well = createOrderLines(plain)(record)
  assert.equal(text.indexOf('2@41'), well.indexOf('2@41'))
})

test('a record that is anything at all is still one line, and cannot steer the terminal', () => {
  const text = createOrderLines(plain)({
    ...record,
    key: '\u001B[31mred\u202E\n',
    timestamp: null,
    headers: { ce_type: 'x\u0007', ce_sequence: 'many' },
    value: [null, { orderId: 3 }],
  })
  assert.ok(!/[\p{C}\n]/u.test(text), JSON.stringify(text))
  assert.ok(text.includes(String.raw`\u001b[31mred\u202e\u000a`))
})

test('filters look at the order, the status and the type', () => {
  assert.ok(matches(record, {}))
  assert.ok(matches(record, { order: 'ORD-1', status: 'shipped', type: 'status-changed' }))
  assert.ok(!matches(record, { order: 'ORD-2' }))
  assert.ok(!matches(record, { status: 'pending' }))
  assert.ok(!matches(record, { type: 'created' }))
})

test('a key is known by its beginning, also where nothing else is known of the record', () => {
  const unread = { ...record, headers: {}, value: undefined }
  assert.ok(matches(unread, { key: 'ORD' }))
  assert.ok(!matches(unread, { key: 'RD-1' }))
  assert.ok(!matches(record, { key: 'ORD', status: 'pending' }))
  assert.ok(!matches({ ...record, key: null }, { key: 'ORD' }))
})

test('what is not known of a record is not what was asked for; its key is', () => {
  const unread = { ...record, headers: {}, value: undefined }
  assert.ok(matches(unread, {}))
  assert.ok(matches(unread, { order: 'ORD-1' }))
  assert.ok(!matches(unread, { status: 'shipped' }))
  assert.ok(!matches(unread, { type: 'created' }))
})
