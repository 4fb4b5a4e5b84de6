import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderAlreadyExists } from '../../src/business/refusals.ts'
import type { OrderId } from '../../src/models/order.ts'
import { createFakeCommands, startTestServer } from './harness.ts'

/** The right column of "What callers see" in docs/how-to/take-over.md. */

const JSON_HEADERS = { 'content-type': 'application/json' }

function create(body: object | string, headers: Record<string, string> = JSON_HEADERS, slash = '') {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  return { method: 'POST', url: `/api/create-order${slash}`, payload, headers } as const
}

test('requests that the replaced service answered otherwise get the answers of the table', async (t) => {
  const { server } = await startTestServer(t)
  const orderId = 'ORD-1'
  for (const [request, status] of [
    [create({ orderId }), 400],
    [create({ orderId: '', numItems: 1 }), 400],
    [create({ orderId, numItems: '3' }), 400],
    [create({ orderId, numItems: 3.0 }), 201],
    [create({ orderId, numItems: 101 }), 400],
    [create({ orderId, numItems: 1 }, JSON_HEADERS, '/'), 404],
    [create({ orderId, numItems: 1 }, { 'content-type': 'text/plain' }), 415],
  ] as const) {
    const { statusCode, headers } = await server.inject(request)
    assert.equal(statusCode, status, JSON.stringify(request))
    if (status !== 201) assert.equal(headers['content-type'], 'application/problem+json')
  }
})

test('an order that exists is answered 409', async (t) => {
  const { server } = await startTestServer(t, {
    commands: createFakeCommands(orderAlreadyExists('ORD-1' as OrderId)),
  })
  const response = await server.inject(create({ orderId: 'ORD-1', numItems: 1 }))
  assert.equal(response.statusCode, 409)
  assert.equal(response.json().code, 'ORDER_ALREADY_EXISTS')
})

test('no answer allows a page of another origin', async (t) => {
  const { server } = await startTestServer(t)
  const headers = { ...JSON_HEADERS, origin: 'http://elsewhere' }
  const response = await server.inject(create({ orderId: 'ORD-1', numItems: 1 }, headers))
  assert.equal(response.statusCode, 201)
  assert.deepEqual(
    Object.keys(response.headers).filter((name) => name.startsWith('access-control-')),
    [],
  )
})

test('a success has the form that it had: success, message, data', async (t) => {
  const { server } = await startTestServer(t)
  const created = await server.inject(create({ orderId: 'ORD-1', numItems: 1 }))
  const updated = await server.inject({
    method: 'PUT',
    url: '/api/update-order',
    payload: { orderId: 'ORD-1', status: 'shipped' },
  })
  assert.deepEqual([created.statusCode, updated.statusCode], [201, 200])
  for (const { data, ...rest } of [created.json(), updated.json()]) {
    assert.deepEqual(Object.keys(rest), ['success', 'message'])
    assert.deepEqual(Object.keys(data), [
      'orderId',
      'customerId',
      'orderDate',
      'items',
      'totalAmount',
      'currency',
      'status',
    ])
  }
})
