import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { createFakeCommands, startTestServer } from './harness.ts'

test('answers an unknown path with 404', async (t) => {
  const { server } = await startTestServer(t)
  for (const url of ['/api/nothing', '/api/create-order/', '/Health', '/docs/static/nothing.js']) {
    const response = await server.inject(url)
    assert.equal(response.statusCode, 404, url)
    assert.equal(response.headers['content-type'], 'application/problem+json')
    assert.equal(response.json().code, 'PATH_NOT_FOUND')
    assert.equal(response.json().detail, `Nothing is at ${url}`)
  }
})

test('does not repeat the query or the whole of a long path', async (t) => {
  const { server } = await startTestServer(t)
  const query = await server.inject('/nothing?token=secret')
  const long = await server.inject(`/${'x'.repeat(5_000)}`)
  assert.equal(query.json().detail, 'Nothing is at /nothing')
  assert.equal(long.json().detail, `Nothing is at /${'x'.repeat(199)}`)
})

for (const [method, url, allow] of [
  ['GET', '/api/create-order', 'POST, OPTIONS'],
  ['POST', '/api/update-order', 'PUT, OPTIONS'],
  ['DELETE', '/health', 'GET, HEAD, OPTIONS'],
  ['PROPFIND', '/', 'GET, HEAD, OPTIONS'],
  ['PATCH', '/docs/static/swagger-ui.css', 'HEAD, GET, OPTIONS'],
  ['POST', '/openapi.json?x=1', 'GET, HEAD, OPTIONS'],
] as const) {
  test(`answers ${method} ${url} with 405 and Allow`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await server.inject({ method: method as 'GET', url })
    assert.equal(response.statusCode, 405)
    assert.equal(response.headers['allow'], allow)
    assert.equal(response.json().code, 'METHOD_NOT_ALLOWED')
    assert.equal(response.json().detail, `${url.split('?')[0]} takes ${allow}, not ${method}`)
  })
}

test('says 404 and 405 before it judges the body', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  for (const contentType of ['application/json', 'text/plain']) {
    const body = { payload: '{no json', headers: { 'content-type': contentType } }
    const unknown = await server.inject({ method: 'POST', url: '/nothing', ...body })
    const wrong = await server.inject({ method: 'PUT', url: '/api/create-order', ...body })
    assert.equal(unknown.statusCode, 404)
    assert.equal(wrong.statusCode, 405)
  }
})

test('answers OPTIONS on a known path with 204 and Allow, and allows no other origin', async (t) => {
  const { server } = await startTestServer(t)
  const headers = { origin: 'http://elsewhere', 'access-control-request-method': 'POST' }
  const response = await server.inject({ method: 'OPTIONS', url: '/api/create-order', headers })
  assert.equal(response.statusCode, 204)
  assert.equal(response.headers['allow'], 'POST, OPTIONS')
  assert.equal(response.headers['access-control-allow-origin'], undefined)
})

/** By a socket: inject makes a path of the asterisk. */
test('answers OPTIONS on * with the methods that the service takes anywhere', async (t) => {
  const { server } = await startTestServer(t)
  const { port } = new URL(await server.listen({ host: '127.0.0.1', port: 0 }))
  const asked = request({ host: '127.0.0.1', port, method: 'OPTIONS', path: '*', agent: false })
  const [response] = (await once(asked.end(), 'response')) as [IncomingMessage]
  response.resume()
  assert.equal(response.statusCode, 204)
  const methods = String(response.headers['allow']).split(', ')
  assert.deepEqual(methods.toSorted(), ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])
})

test('answers OPTIONS on an unknown path with 404', async (t) => {
  const { server } = await startTestServer(t)
  const response = await server.inject({ method: 'OPTIONS', url: '/nothing' })
  assert.equal(response.statusCode, 404)
})

test('answers HEAD like GET, without the body', async (t) => {
  const { server } = await startTestServer(t)
  const head = await server.inject({ method: 'HEAD', url: '/health' })
  const get = await server.inject('/health')
  assert.equal(head.statusCode, 200)
  assert.equal(head.body, '')
  assert.equal(head.headers['content-length'], get.headers['content-length'])
})

for (const url of ['/%zz', '/api/%ff', '/docs/static/%c0%af']) {
  test(`answers the malformed URL ${url} with 400 and its request id`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await server.inject(url)
    assert.equal(response.statusCode, 400)
    assert.equal(response.headers['content-type'], 'application/problem+json')
    assert.equal(response.json().code, 'REQUEST_INVALID')
    assert.equal(response.json().requestId, response.headers['x-request-id'])
  })
}

test('shows nothing outside the documentation folder', async (t) => {
  const { server } = await startTestServer(t)
  for (const url of ['/docs/static/..%2fpackage.json', `/docs/static/${'x'.repeat(300)}`]) {
    const response = await server.inject(url)
    assert.equal(response.statusCode, 404, url)
    assert.equal(response.json().code, 'PATH_NOT_FOUND')
  }
})
