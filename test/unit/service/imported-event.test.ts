import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderEvent } from '../../../src/models/order-event.ts'
import { readImportedEvent } from '../../../src/service/imported-event.ts'
import { eventHeaders } from '../../../src/service/kafka/event-headers.ts'
import type { PlacedRecord } from '../../../src/service/kafka/topic-ranges.ts'
import { encodeKey, encodeOrder } from '../../../src/service/schema-registry/order-codec.ts'
import { toEventRow } from '../../../src/service/storage/order-row.ts'
import { someEvent } from '../../support/some-event.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function recordOf(event: OrderEvent, value = encodeOrder(event.order, 7)): PlacedRecord {
  return {
    partition: 1,
    offset: 42,
    timestampMs: 1_700_000_000_123,
    record: {
      key: Buffer.from(encodeKey(event.order.orderId)),
      value: Buffer.from(value),
      headers: [...eventHeaders(event)],
    },
  }
}

function withHeader(placed: PlacedRecord, name: string, value: string): PlacedRecord {
  const headers = placed.record.headers.map((header) =>
    header[0].toString() === name ? ([header[0], Buffer.from(value)] as const) : header,
  )
  return { ...placed, record: { ...placed.record, headers } }
}

test('a record is the row that its event had', () => {
  const plain = someEvent({ version: 3, type: 'order-status-changed', traceparent: TRACEPARENT })
  const event: OrderEvent = { ...plain, principal: 'api_key:shop' }
  const read = readImportedEvent('orders', recordOf(event))
  assert.ok(read.kind === 'event')
  const { offset, settledAt, ...row } = read.event
  assert.deepEqual([offset, settledAt], [42, 1_700_000_000_123])
  const encoded = {
    key: encodeKey(event.order.orderId),
    value: encodeOrder(event.order, 7),
    schemaId: 7,
  }
  const place = {
    topic: 'orders',
    partition: 1,
    searchFromOffset: 42,
    producer: { id: 0, epoch: 0 },
  }
  assert.deepEqual(row, toEventRow({ event, encoded, ...place }))
})

test('a tombstone of the service says which order was erased', () => {
  const placed = withHeader(recordOf(someEvent({})), 'ce_type', 'com.ecommerce.order.erased')
  const tombstone = { ...placed, record: { ...placed.record, value: null } }
  const orderId = someEvent({}).order.orderId
  assert.deepEqual(readImportedEvent('orders', tombstone), { kind: 'tombstone', orderId })
})

test('records of others, and their tombstones, are none of ours', () => {
  const placed = recordOf(someEvent({}))
  const foreign = [
    withHeader(placed, 'ce_source', '/another'),
    withHeader(placed, 'ce_sequence', '1'),
    withHeader(placed, 'ce_sequence', '0000000000'),
    { ...placed, record: { ...placed.record, headers: [] } },
    { ...placed, record: { ...placed.record, value: null } },
  ]
  for (const one of foreign) assert.equal(readImportedEvent('orders', one).kind, 'foreign')
})

test('an event that the store cannot hold is named', () => {
  const event = someEvent({})
  const longer = Buffer.concat([encodeOrder(event.order, 7), Buffer.of(0)])
  // Half a cent: the store would hold another price than the topic.
  const items = event.order.items.map((item) => ({ ...item, priceMinor: item.priceMinor + 0.5 }))
  const unreadable = [
    recordOf(event, longer),
    recordOf(event, encodeOrder({ ...event.order, items }, 7)),
    recordOf(event, Buffer.from('not framed')),
    withHeader(recordOf(event), 'ce_subject', 'ORD-2'),
    withHeader(recordOf(event), 'ce_time', 'yesterday'),
  ]
  for (const one of unreadable) {
    const read = readImportedEvent('orders', one)
    assert.equal(read.kind, 'unreadable')
    assert.ok(read.reason.length > 0)
  }
})
