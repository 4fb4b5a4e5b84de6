import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError } from '../../src/business/errors.ts'
import {
  changedOrder,
  createFakeCommands,
  createFakeQueries,
  orderOf,
  postOrder,
  putOrder,
  startTestServer,
} from './harness.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('answers a created order with 201, its Location and the order, field by field', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const response = await postOrder(server, { orderId: 'ORD-1', numItems: 2 })
  assert.equal(response.statusCode, 201)
  assert.equal(response.headers['location'], '/api/orders/ORD-1')
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  assert.equal(
    response.body,
    '{"success":true,"message":"Order \'ORD-1\' created successfully","data":{' +
      '"orderId":"ORD-1","customerId":"CUST-1000","orderDate":"2026-01-31T12:00:00.000Z","items":[' +
      '{"itemId":"ITEM-PHONE-100","quantity":2,"price":19.99},' +
      '{"itemId":"ITEM-PHONE-101","quantity":2,"price":19.99}],' +
      '"totalAmount":79.96,"currency":"USD","status":"pending"}}',
  )
  assert.deepEqual(commands.created, [{ orderId: 'ORD-1', numItems: 2 }])
})

test('answers a changed order with 200 and the whole order', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const response = await putOrder(server, { orderId: 'ORD-1', status: 'shipped' })
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), {
    success: true,
    message: "Order 'ORD-1' updated successfully",
    data: {
      orderId: 'ORD-1',
      customerId: 'CUST-1000',
      orderDate: '2026-01-31T12:00:00.000Z',
      items: [{ itemId: 'ITEM-PHONE-100', quantity: 2, price: 19.99 }],
      totalAmount: 39.98,
      currency: 'USD',
      status: 'shipped',
    },
  })
  assert.deepEqual(commands.changed, [{ orderId: 'ORD-1', status: 'shipped' }])
})

test('writes amounts of a currency without decimals as integers', async (t) => {
  const { server } = await startTestServer(t, {
    commands: {
      ...createFakeCommands(),
      createOrder: async ({ orderId }) => changedOrder({ ...orderOf(orderId, 1), currency: 'JPY' }),
    },
  })
  const response = await postOrder(server, { orderId: 'ORD-1', numItems: 1 })
  assert.match(response.body, /"price":1999\}\],"totalAmount":3998,"currency":"JPY"/)
})

test('drops the spaces around an order id, on both routes', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const created = await postOrder(server, { orderId: ' \tORD 1\n', numItems: 1 })
  const changed = await putOrder(server, { orderId: '  ORD 1 ', status: 'pending' })
  assert.equal(created.statusCode, 201)
  assert.equal(changed.statusCode, 200)
  assert.equal(commands.created[0]?.orderId, 'ORD 1')
  assert.equal(commands.changed[0]?.orderId, 'ORD 1')
})

test('percent-encodes the order id in Location', async (t) => {
  const { server } = await startTestServer(t)
  const response = await postOrder(server, { orderId: 'a/b ü?#', numItems: 1 })
  assert.equal(response.headers['location'], '/api/orders/a%2Fb%20%C3%BC%3F%23')
})

test('counts characters, not UTF-16 units, of an order id', async (t) => {
  const { server } = await startTestServer(t)
  const longest = await postOrder(server, { orderId: '😀'.repeat(255), numItems: 1 })
  const tooLong = await postOrder(server, { orderId: '😀'.repeat(256), numItems: 1 })
  assert.equal(longest.statusCode, 201)
  assert.equal(tooLong.statusCode, 400)
})

test('takes 3.0 as the integer it is', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const response = await postOrder(server, '{"orderId":"ORD-1","numItems":3.0}')
  assert.equal(response.statusCode, 201)
  assert.equal(commands.created[0]?.numItems, 3)
})

test('ignores fields it does not know', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const response = await postOrder(server, { orderId: 'ORD-1', numItems: 1, colour: 'red' })
  assert.equal(response.statusCode, 201)
  assert.deepEqual(commands.created, [{ orderId: 'ORD-1', numItems: 1 }])
})

test('takes as many items as the settings say, and no more', async (t) => {
  const { server } = await startTestServer(t, { settings: { maxItemsPerOrder: 3 } })
  const most = await postOrder(server, { orderId: 'ORD-1', numItems: 3 })
  const tooMany = await postOrder(server, { orderId: 'ORD-1', numItems: 4 })
  assert.equal(most.statusCode, 201)
  assert.equal(tooMany.json().detail, 'numItems must be an integer from 1 to 3, got 4')
})

test('passes a valid traceparent on, on both routes', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const headers = { 'content-type': 'application/json', traceparent: TRACEPARENT }
  await postOrder(server, { orderId: 'ORD-1', numItems: 1 }, headers)
  await putOrder(server, { orderId: 'ORD-1', status: 'pending' }, headers)
  assert.equal(commands.created[0]?.traceparent, TRACEPARENT)
  assert.equal(commands.changed[0]?.traceparent, TRACEPARENT)
})

test('ignores a traceparent that is not valid', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const headers = { 'content-type': 'application/json', traceparent: 'not-a-traceparent' }
  const response = await postOrder(server, { orderId: 'ORD-1', numItems: 1 }, headers)
  assert.equal(response.statusCode, 201)
  assert.deepEqual(commands.created, [{ orderId: 'ORD-1', numItems: 1 }])
})

test('reads an order by the id in the path, however long and encoded it is', async (t) => {
  const asked: string[] = []
  const { server } = await startTestServer(t, {
    queries: createFakeQueries({
      getOrder(orderId) {
        asked.push(orderId)
        return Promise.resolve({ order: orderOf(orderId, 1), version: 3 })
      },
    }),
  })
  for (const orderId of ['ORD-1', 'a/b ?#%ä', '😀'.repeat(255)]) {
    const response = await server.inject(`/api/orders/${encodeURIComponent(orderId)}`)
    assert.equal(response.statusCode, 200)
    assert.equal(response.json().data.orderId, orderId)
    assert.equal(response.headers['etag'], '"3"')
    assert.equal(asked.pop(), orderId)
  }
})

test('answers 404 for an order that does not exist, and 400 for what cannot be an id', async (t) => {
  const missing = new CommandError('ORDER_NOT_FOUND', "Order 'ORD-1' does not exist")
  const { server } = await startTestServer(t, {
    queries: createFakeQueries({ getOrder: () => Promise.reject(missing) }),
  })
  const absent = await server.inject('/api/orders/ORD-1')
  assert.deepEqual([absent.statusCode, absent.json().code], [404, 'ORDER_NOT_FOUND'])
  const impossible = await server.inject('/api/orders/a%00b')
  assert.deepEqual([impossible.statusCode, impossible.json().code], [400, 'REQUEST_INVALID'])
})
