import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { answerUnknownRoutes } from '../../../src/api/unknown-route.ts'

test('knows the methods of a path with parameters, and of one that two routes match', async (t) => {
  const server = fastify()
  t.after(() => server.close())
  answerUnknownRoutes(server)
  server.get('/orders/:orderId', async () => 'order')
  server.put('/orders/latest', async () => 'latest')
  const one = await server.inject({ method: 'DELETE', url: '/orders/a%2Fb' })
  const two = await server.inject({ method: 'DELETE', url: '/orders/latest' })
  const deeper = await server.inject({ method: 'OPTIONS', url: '/orders/a/b' })
  assert.equal(one.headers['allow'], 'GET, HEAD, OPTIONS')
  assert.equal(two.headers['allow'], 'GET, HEAD, PUT, OPTIONS')
  assert.equal(deeper.headers['allow'], undefined)
})

test('reads a dot in a path as a dot', async (t) => {
  const server = fastify()
  t.after(() => server.close())
  answerUnknownRoutes(server)
  server.get('/a.json', async () => 'a')
  const response = await server.inject({ method: 'OPTIONS', url: '/a-json' })
  assert.equal(response.headers['allow'], undefined)
})
