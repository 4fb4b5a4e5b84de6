import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postOrder, startTestServer } from './harness.ts'

test('a request that asks for work is traced by its route, a probe and a scrape are not', async (t) => {
  const traced: string[] = []
  const { server } = await startTestServer(t, {
    traceRequest({ method, route }, next) {
      next()
      return (status) => traced.push(`${method} ${route} ${status}`)
    },
  })
  await postOrder(server, { orderId: 'SECRET', numItems: 1 })
  await postOrder(server, { orderId: 'SECRET', numItems: 'three' })
  await server.inject({ url: '/api/orders/SECRET' })
  for (const url of ['/health', '/health/live', '/health/ready', '/metrics']) {
    await server.inject({ url })
  }
  assert.deepEqual(traced, [
    'POST /api/create-order 201',
    'POST /api/create-order 400',
    'GET /api/orders/:orderId 200',
  ])
})
