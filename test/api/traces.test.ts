import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { createHangingCommands, postOrder, startTestServer } from './harness.ts'

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

test('the span of a request whose client leaves before its answer ends then, once', async (t) => {
  const ends: (number | undefined)[] = []
  const { commands, begun, fail } = createHangingCommands()
  const { server } = await startTestServer(t, {
    traceRequest(_request, next) {
      next()
      return (status) => ends.push(status)
    },
    commands,
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const create = fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId: 'ORD-1', numItems: 1 }),
    signal: leaving.signal,
  })
  await begun
  leaving.abort()
  await assert.rejects(create)
  await until(() => ends.length > 0, 'the span has ended')
  fail()
  await server.close()
  assert.deepEqual(ends, [undefined])
})
