import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderQuery } from '../../src/business/ports.ts'
import {
  createFakeCommands,
  createFakeOperations,
  createFakeQueries,
  startTestServer,
} from './harness.ts'
import { operationsOf, readOpenApi } from './open-api.ts'

const BODIES: Readonly<Record<string, object>> = {
  '/api/create-order': { orderId: 'ORD-1', numItems: 1 },
  '/api/update-order': { orderId: 'ORD-1', status: 'shipped' },
  '/api/operations/runs': { tool: 'doctor' },
  '/api/operations/erasures': { orderId: 'ORD-1' },
}

test('no operation takes a parameter that it does not have', async (t) => {
  const commands = createFakeCommands()
  const started: unknown[] = []
  const operations = createFakeOperations({
    startRun: (request) => {
      started.push(request)
      throw new Error('a run began')
    },
  })
  const { server } = await startTestServer(t, { commands, operations })
  const all = operationsOf(await readOpenApi(server)).map(([name]) => name.split(' '))
  const api = all.filter(([, path]) => path?.startsWith('/api/'))
  assert.ok(api.length > 9)
  for (const [method = '', path = ''] of api) {
    const url = path.replace('{orderId}', 'ORD-1').replace('{version}', '1')
    const body = BODIES[path]
    const answer = await server.inject({
      method: method as 'GET',
      url: `${url}?dryRun=true`,
      ...(method !== 'GET' && body !== undefined && { payload: body }),
    })
    assert.equal(answer.statusCode, 400, `${method} ${path}`)
    assert.match(answer.json().errors[0].message, /^dryRun is no parameter here: there are /)
    assert.equal(answer.json().code, 'REQUEST_INVALID')
  }
  assert.deepEqual([commands.created, commands.changed, started], [[], [], []])
})

test('drops the spaces around an id in a path and in a query, as in a body', async (t) => {
  const asked: unknown[] = []
  const queries = createFakeQueries()
  const { server } = await startTestServer(t, {
    queries: {
      getOrder: (orderId) => {
        asked.push(orderId)
        return queries.getOrder(orderId)
      },
      listOrders: (query: OrderQuery) => {
        asked.push(query.customerId)
        return queries.listOrders(query)
      },
      listOrderEvents: (orderId, ...rest) => {
        asked.push(orderId)
        return queries.listOrderEvents(orderId, ...rest)
      },
      getOrderEvent: (orderId, version) => {
        asked.push(orderId)
        return queries.getOrderEvent(orderId, version)
      },
    },
  })
  for (const url of [
    '/api/orders/%20a%20b%E3%80%80',
    '/api/orders/%20a%20b%20/events',
    '/api/orders/%20a%20b%20/events/1',
    '/api/orders?customerId=%20a%20b+',
  ]) {
    const answer = await server.inject(url)
    assert.equal(answer.statusCode, 200, url)
    assert.equal(asked.pop(), 'a b', url)
  }
})

test('an id of spaces, or of dots between spaces, is none', async (t) => {
  const { server } = await startTestServer(t)
  for (const url of [
    '/api/orders/%20',
    '/api/orders/%20..%20',
    '/api/orders?customerId=%20',
    '/api/orders?orderId=%20',
    '/api/events/stream?orderId=%20.',
  ]) {
    const answer = await server.inject(url)
    assert.equal(answer.statusCode, 400, url)
    assert.equal(answer.json().errors.length, 1, url)
  }
})
