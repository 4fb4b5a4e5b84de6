import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderStillOpen, tombstoneNotWritten } from '../../src/business/refusals.ts'
import type { EraseOrder } from '../../src/business/order/erase-order.ts'
import type { OrderId } from '../../src/models/order.ts'
import { orderOf, startTestServer, withoutLeaving } from './harness.ts'

const URL = '/api/operations/erasures'

const ORDER_ID = 'ORD-1' as OrderId

test('an erasure is answered with the order as it is now, and what became of the tombstone', async (t) => {
  const asked: EraseOrder[] = []
  const { server } = await startTestServer(t, {
    eraseOrder: async (command) => {
      asked.push(command)
      const order = { ...orderOf(command.orderId, 1), customerId: '', status: 'delivered' } as const
      return { order, version: 3, tombstone: 'not-compacted' }
    },
  })
  const payload = { orderId: ' ORD-1 ' }
  const response = await server.inject({ method: 'POST', url: URL, payload })
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['etag'], '"3"')
  const { data, message } = response.json()
  assert.equal(message, "Order 'ORD-1' erased")
  assert.deepEqual([data.order.customerId, data.version, data.tombstone], ['', 3, 'not-compacted'])
  assert.deepEqual(asked.map(withoutLeaving), [{ orderId: 'ORD-1' }])
  assert.equal(typeof asked[0]?.leaving, 'function')
})

test('an erasure is refused by name, or not known', async (t) => {
  const errors = [
    orderStillOpen({ orderId: ORDER_ID, status: 'shipped' }),
    tombstoneNotWritten(ORDER_ID),
  ]
  const { server } = await startTestServer(t, {
    eraseOrder: () => Promise.reject(errors.shift()),
  })
  const ask = (payload: object) => server.inject({ method: 'POST', url: URL, payload })
  assert.equal((await ask({})).statusCode, 400)
  const open = await ask({ orderId: 'ORD-1' })
  assert.deepEqual([open.statusCode, open.json().code], [409, 'ORDER_STILL_OPEN'])
  const unknown = await ask({ orderId: 'ORD-1' })
  assert.deepEqual([unknown.statusCode, unknown.json().outcome], [503, 'unknown'])
})
