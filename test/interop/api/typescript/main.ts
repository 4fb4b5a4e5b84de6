/**
 * Creates an order with items, updates it and reads it back, by openapi-fetch and the types that
 * openapi-typescript generates of the service's OpenAPI document. Ends with 0 when every answer was right.
 */

import assert from 'node:assert/strict'
import process from 'node:process'
import createClient from 'openapi-fetch'
import type { paths } from './api.d.ts'

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' })

const orderId = `ORD-ts-${Date.now()} ü/?#😀`
const items = [
  { itemId: 'ITEM-1', quantity: 3, price: 123456789.01 },
  { itemId: 'ITEM-2', quantity: 1, price: 0.1 },
]

const created = await client.POST('/api/create-order', {
  params: { header: { 'Idempotency-Key': `ts-${Date.now()}` } },
  body: {
    orderId,
    customerId: 'CUST-ts',
    orderDate: '2026-01-31T13:00:00+01:00',
    currency: 'EUR',
    items,
    totalAmount: 370370367.13,
  },
})
assert.equal(created.response.status, 201, JSON.stringify(created.error))

const updated = await client.PUT('/api/update-order', {
  params: { header: { 'If-Match': created.response.headers.get('etag') ?? '' } },
  body: { orderId, status: 'shipped' },
})
assert.equal(updated.data?.data.status, 'shipped', JSON.stringify(updated.error))

const read = await client.GET('/api/orders/{orderId}', { params: { path: { orderId } } })
assert.deepEqual(read.data?.data, {
  orderId,
  customerId: 'CUST-ts',
  orderDate: '2026-01-31T12:00:00.000Z',
  items,
  totalAmount: 370370367.13,
  currency: 'EUR',
  status: 'shipped',
})

const listed = await client.GET('/api/orders', { params: { query: { orderId, limit: 2 } } })
// A list has several formats, so its type is one of them: the others are texts.
assert.ok(typeof listed.data === 'object', JSON.stringify(listed.error))
assert.deepEqual(listed.data.data, [read.data?.data])

const lines = await client.GET('/api/orders', {
  params: { query: { orderId } },
  headers: { Accept: 'application/x-ndjson' },
  parseAs: 'text',
})
assert.deepEqual(lines.data, `${JSON.stringify(read.data?.data)}\n`)

const again = await client.POST('/api/create-order', { body: { orderId, numItems: 1 } })
assert.equal(again.error?.code, 'ORDER_ALREADY_EXISTS')
