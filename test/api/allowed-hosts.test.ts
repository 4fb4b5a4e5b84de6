import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { createHostCheck } from '../../src/api/allowed-hosts.ts'
import { createFakeCommands, startTestServer } from './harness.ts'

const ALWAYS = [
  undefined,
  'localhost',
  'LOCALHOST:8000',
  'cart.localhost:8000',
  '127.0.0.1:8000',
  '10.1.2.3:8000',
  '[::1]:8000',
  '[fe80::1]',
  'cart-service:8000',
  'cart.shop.svc.cluster.local:8000',
  'cart.shop.svc',
  'host.docker.internal:8000',
  'localhost.',
]

const NEVER = [
  'evil.example',
  'evil.example:8000',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'orders.example.evil',
  'evilorders.example',
  'shop.example',
  '',
  ':8000',
  'a@localhost',
  'localhost/evil.example',
  '[::1',
  '[evil.example]',
  'localhost:8000:8000',
  'local\u{fe}host',
]

const NAMED = ['orders.example', 'ORDERS.example:443', 'orders.example.', 'a.b.shop.example']

test('an address, a name that nobody can register and a configured name mean this service', () => {
  const isAllowed = createHostCheck(['orders.example', '*.shop.example'])
  for (const host of [...ALWAYS, ...NAMED]) assert.equal(isAllowed(host), true, String(host))
  for (const host of NEVER) assert.equal(isAllowed(host), false, host)
  for (const host of NAMED) assert.equal(createHostCheck([])(host), false, host)
  for (const host of [...ALWAYS, ...NAMED, 'evil.example']) {
    assert.equal(createHostCheck(['*'])(host), true, String(host))
  }
})

test('a page that points its name at this machine creates and reads nothing', async (t) => {
  const commands = createFakeCommands()
  const { server, logged } = await startTestServer(t, { commands })
  const headers = { host: 'evil.example:8000', 'content-type': 'application/json' }
  const payload = { orderId: 'ORD-1', numItems: 1 }
  const answers = [
    await server.inject({ method: 'POST', url: '/api/create-order', headers, payload }),
    await server.inject({ url: '/api/orders', headers }),
    await server.inject({ url: '/console', headers }),
    await server.inject({ url: '/health', headers }),
    await server.inject({ url: '/nothing', headers }),
  ]
  for (const answer of answers) {
    assert.equal(answer.statusCode, 403)
    assert.equal(answer.json().code, 'HOST_NOT_ALLOWED')
    assert.match(answer.json().detail, /ALLOWED_HOSTS/)
  }
  assert.deepEqual(commands.created, [])
  assert.doesNotMatch(JSON.stringify(logged), /evil/)
})

test('a probe by address, and a caller by a configured name, are answered', async (t) => {
  const settings = { allowedHosts: ['orders.example'] }
  const { server } = await startTestServer(t, { settings })
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  for (const host of ['10.0.0.7:8000', 'orders.example']) {
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${origin}/health/ready`, { headers: { host } })
      asked.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject)
      asked.end()
    })
    assert.equal(status, 200, host)
  }
})
