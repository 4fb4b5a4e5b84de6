import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { startTestServer } from './harness.ts'
import { operationAt, readOpenApi } from './open-api.ts'
import { bearer, knownCallers } from './security/known-callers.ts'

/** What a page or a module loads. */
const LOADED = /(?:src|href)="(console\/[^"]+)"|from '\.\/([^']+)'/gu

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  woff2: 'font/woff2',
}

/** The page and all that it loads, and what those load, by path. */
async function loadConsole(server: FastifyInstance) {
  const loaded = new Map<string, Awaited<ReturnType<FastifyInstance['inject']>>>()
  const wanted = ['/console']
  for (const path of wanted) {
    if (loaded.has(path)) continue
    const response = await server.inject(path)
    loaded.set(path, response)
    for (const [, fromPage, fromModule] of response.body.matchAll(LOADED)) {
      wanted.push(`/${fromPage ?? `console/${fromModule}`}`)
    }
  }
  return loaded
}

test('serves the console with all that it loads, as scripts and styles a browser takes', async (t) => {
  const { server } = await startTestServer(t)
  const loaded = await loadConsole(server)
  assert.ok(loaded.size > 10, `${loaded.size} files`)
  for (const [path, { statusCode, headers }] of loaded) {
    assert.equal(statusCode, 200, path)
    const extension = path.split('.')[1] ?? 'html'
    assert.equal(headers['content-type'], MEDIA_TYPES[extension], path)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
})

test('the scripts of the console have no types left, and the whole of it is small', async (t) => {
  const { server } = await startTestServer(t)
  const loaded = await loadConsole(server)
  let bytes = 0
  for (const [path, { body }] of loaded) {
    if (path.endsWith('.woff2')) continue
    bytes += body.length
    if (path.endsWith('.ts')) assert.doesNotMatch(body, /^(?:export )?(?:interface|type) /mu, path)
  }
  assert.ok(bytes < 205_000, `${bytes} bytes`)
})

test('the console may load and ask nothing but the service, and nothing inline', async (t) => {
  const { server } = await startTestServer(t)
  for (const [path, { headers }] of await loadConsole(server)) {
    assert.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
        "font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'",
      path,
    )
    assert.equal(headers['referrer-policy'], 'no-referrer')
  }
})

test('a browser that has a file of the console is told so, and never keeps an old one', async (t) => {
  const { server } = await startTestServer(t)
  for (const [url, { headers }] of await loadConsole(server)) {
    assert.equal(headers['cache-control'], 'no-cache')
    const { etag } = headers
    const again = await server.inject({ url, headers: { 'if-none-match': String(etag) } })
    assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', etag])
    const other = await server.inject({ url, headers: { 'if-none-match': '"other"' } })
    assert.equal(other.statusCode, 200)
  }
})

test('pages have a way to log out where browsers log in, and none where they do not', async (t) => {
  const headers = { ...bearer('operator'), accept: 'text/html' }
  for (const callers of [knownCallers, undefined]) {
    const { server } = await startTestServer(t, { callers })
    for (const url of ['/', '/console', '/redoc', '/asyncapi', '/docs/static/theme/header.js']) {
      const { body, statusCode } = await server.inject({ url, headers })
      assert.deepEqual([statusCode, body.includes('log-out')], [200, callers !== undefined], url)
    }
  }
})

test('serves nothing of the folder that is not part of the page', async (t) => {
  const { server } = await startTestServer(t)
  for (const path of ['/console/tsconfig.json', '/console/page.html', '/console/..%2fmain.mjs']) {
    const response = await server.inject(path)
    assert.deepEqual([response.statusCode, response.json().code], [404, 'PATH_NOT_FOUND'], path)
  }
})

test('the console offers the currencies that the service takes', async (t) => {
  const { server } = await startTestServer(t)
  const { body } = await server.inject('/console')
  const list = /<datalist id="currencies">(.*)<\/datalist>/u.exec(body)?.[1] ?? ''
  const offered = Array.from(list.matchAll(/<option>([A-Z]{3})<\/option>/gu), ([, code]) => code)
  const { requestBody } = operationAt(await readOpenApi(server), 'POST /api/create-order')
  const schema = requestBody?.content['application/json']?.schema as {
    readonly properties: { readonly currency: { readonly enum: readonly string[] } }
  }
  assert.deepEqual(offered, schema.properties.currency.enum)
})
