import assert from 'node:assert/strict'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { createHostCheck } from '../../src/api/allowed-hosts.ts'
import { ownNamesOf } from '../../src/compose-server.ts'
import { createFakeCommands, startTestServer } from './harness.ts'
import { createText, getText, startRawServer } from './raw-client.ts'

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

function checkOf(names: readonly string[], hasOthers = false) {
  return createHostCheck({ names, hasOthers })
}

test('an address, a name that nobody can register and a configured name mean this service', () => {
  const isAllowed = checkOf(['orders.example', '*.shop.example'])
  for (const host of [...ALWAYS, ...NAMED]) assert.equal(isAllowed(host), true, String(host))
  for (const host of NEVER) assert.equal(isAllowed(host), false, host)
  for (const host of NAMED) assert.equal(checkOf([])(host), false, host)
  for (const host of [...ALWAYS, ...NAMED, 'evil.example']) {
    assert.equal(checkOf(['*'])(host), true, String(host))
    assert.equal(checkOf([], true)(host), true, String(host))
  }
})

function requestWith(headers: IncomingHttpHeaders, localAddress: string): IncomingMessage {
  return { headers, socket: { localAddress } } as unknown as IncomingMessage
}

/** As a page's own requests have them, over plain HTTP and not, and as those to another origin do. */
const SIGNS: readonly IncomingHttpHeaders[] = [
  { 'accept-language': 'de' },
  { origin: 'http://evil.example' },
  { 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-mode': 'cors' },
]

const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.8.8.8']

test('a browser on this machine has to know the name, also where others may have any', () => {
  for (const hasOthers of [false, true]) {
    const isAllowed = checkOf(['orders.example', '*.shop.example'], hasOthers)
    for (const address of LOOPBACK) {
      for (const headers of SIGNS) {
        const asked = requestWith(headers, address)
        for (const host of [...NAMED, '10.1.2.3:8000', '[::1]:8000', 'localhost', 'a.localhost']) {
          assert.equal(isAllowed(host, asked), true, host)
        }
        for (const host of [...NEVER, 'evil.local', 'evil:8000', 'a.svc', 'b.internal']) {
          assert.equal(isAllowed(host, asked), false, host)
        }
      }
      assert.equal(isAllowed('cart-service:8000', requestWith({}, address)), true)
      assert.equal(isAllowed('evil.example', requestWith({}, address)), hasOthers)
    }
    const elsewhere = requestWith({ 'accept-language': 'de' }, '10.1.2.3')
    assert.equal(isAllowed('evil.example', elsewhere), hasOthers)
    assert.equal(isAllowed('evil.local', elsewhere), hasOthers)
  }
})

test('the names of the service are those that it is told, and every name where callers are asked', () => {
  const named = ['a.example']
  const callers = { publicUrl: 'https://orders.example:8443/shop', ways: [] }
  const door = { corsOrigins: ['http://pages.example:3000'] }
  const known = ['0.0.0.0', 'orders.example', 'pages.example']
  const wide = { allowedHosts: [], apiHost: '0.0.0.0', callers, door }
  assert.deepEqual(ownNamesOf(wide), { names: known, hasOthers: true })
  const listed = ownNamesOf({ ...wide, allowedHosts: named })
  assert.deepEqual(listed, { names: ['a.example', ...known], hasOthers: false })
  const near = ownNamesOf({ ...wide, apiHost: 'localhost' })
  assert.equal(near.hasOthers, false)
  const asking = { ...callers, ways: ['api-key' as const] }
  assert.deepEqual(ownNamesOf({ ...wide, callers: asking }).names, ['*'])
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
  const settings = { ownNames: { names: ['orders.example'], hasOthers: false } }
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

function asEvil(text: string): string {
  return text.replace('Host: cart', 'Host: evil.example:8000')
}

function asPage(text: string): string {
  return text.replace('Host: ', 'Accept-Language: de\r\nHost: ')
}

test('where it listens for others a page on this machine creates and reads nothing, and a program does', async (t) => {
  const settings = { ownNames: { names: [], hasOthers: true } }
  const { open } = await startRawServer(t, { settings })
  const client = await open()
  client.send(asEvil(getText('/api/orders/ORD-1')) + asEvil(createText('ORD-1')))
  assert.deepEqual(await client.answers(2), [200, 201])
  client.send(asPage(asEvil(getText('/api/orders/ORD-1'))) + asPage(asEvil(createText('ORD-1'))))
  assert.deepEqual((await client.answers(4)).slice(2), [403, 403])
  client.send(asPage(getText('/')).replace('Host: cart', 'Host: 127.0.0.1'))
  assert.deepEqual((await client.answers(5)).slice(4), [200])
})
