import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postOrder, startTestServer } from './harness.ts'
import { knownCallers } from './security/known-callers.ts'

/** A proxy serves the service under a path, and takes it off again. */

const PAGES = ['/console', '/docs', '/docs/', '/redoc', '/asyncapi', '/login']

test('no page has an address that leaves the path that it is under', async (t) => {
  const { server } = await startTestServer(t, { callers: knownCallers })
  for (const url of PAGES) {
    const { body, statusCode } = await server.inject({
      url,
      headers: { authorization: 'Bearer reader' },
    })
    assert.equal(statusCode, 200, url)
    const addresses = [...body.matchAll(/\b(?:href|src|action|spec-url)="([^"]*)"/g)]
    assert.ok(addresses.length > 0, url)
    assert.deepEqual(
      addresses
        .map(([, address = '']) => address)
        .filter((address) => /^\/|^https?:/.test(address)),
      [],
      url,
    )
  }
})

test('the page of Swagger UI finds what it loads with and without a slash at its end', async (t) => {
  const { server } = await startTestServer(t)
  for (const url of ['/docs', '/docs/']) {
    const { body } = await server.inject({ url })
    const scripts = [...body.matchAll(/src="([^"]*)"/g)].map(([, address = '']) => address)
    assert.ok(scripts.length > 2)
    for (const address of scripts) {
      const path = new URL(address, `http://localhost${url}`).pathname
      assert.equal((await server.inject({ url: path })).statusCode, 200, address)
    }
  }
})

test('with PUBLIC_URL the answers lead to where the proxy is', async (t) => {
  const publicUrl = 'https://shop.example/orders'
  const { server } = await startTestServer(t, { settings: { publicUrl } })
  const created = await postOrder(server, { orderId: 'ORD 1', numItems: 1 })
  assert.equal(created.headers.location, '/orders/api/orders/ORD%201')
  const document = await server.inject({ url: '/openapi.json' })
  assert.equal(document.json().servers[0].url, publicUrl)
  assert.match(document.body, /curl [^"]*'https:\/\/shop\.example\/orders\/api\//)
  assert.equal((await server.inject({ url: '/docs/json' })).json().servers[0].url, publicUrl)
})

test('without it the document of /docs says by a relative address where the service begins', async (t) => {
  const { server } = await startTestServer(t)
  const { servers } = (await server.inject({ url: '/docs/json' })).json()
  const address = new URL(servers[0].url, 'http://proxy.example/orders/docs/json')
  assert.equal(address.href, 'http://proxy.example/orders/')
  const created = await postOrder(server, { orderId: 'ORD-1', numItems: 1 })
  assert.equal(created.headers.location, '/api/orders/ORD-1')
})
