import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createSeal } from '../../../src/service/callers/aes-seal.ts'
import { systemClock } from '../../../src/service/system.ts'
import { createFakeCommands, startTestServer } from '../harness.ts'
import { CALLERS, knownCallers } from './known-callers.ts'

const ORIGIN = 'http://localhost'

const HOST = 'localhost'

async function setUp(t: TestContext, publicUrl?: string) {
  const commands = createFakeCommands()
  let nowMs = Date.now()
  const clock = { ...systemClock, now: () => new Date(nowMs) }
  const { server, logged } = await startTestServer(t, {
    commands,
    clock,
    callers: knownCallers,
    settings: { publicUrl, streamReadersMax: 0 },
  })
  const advance = (ms: number): void => void (nowMs += ms)
  return { server, commands, logged, advance }
}

function logIn(server: FastifyInstance, credential: string, headers = {}, next = 'docs') {
  return server.inject({
    method: 'POST',
    url: '/login',
    headers: {
      host: HOST,
      origin: ORIGIN,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    payload: new URLSearchParams({ credential, next }).toString(),
  })
}

async function cookieOf(server: FastifyInstance, credential: string): Promise<string> {
  const [cookie = ''] = String((await logIn(server, credential)).headers['set-cookie']).split(';')
  return cookie
}

function create(server: FastifyInstance, headers: Record<string, string>) {
  const payload = { orderId: 'ORD-1', numItems: 1 }
  return server.inject({
    method: 'POST',
    url: '/api/create-order',
    headers: { host: HOST, ...headers },
    payload,
  })
}

test('a page asks a browser that is not known to log in, and an address that is no page does not', async (t) => {
  const { server } = await setUp(t)
  const headers = { accept: 'text/html,*/*' }
  const pages = {
    '/console': 'login?next=console',
    '/docs': 'login?next=docs',
    '/docs/': '../login?next=docs',
    '/redoc': 'login?next=redoc',
    '/asyncapi': 'login?next=asyncapi',
  }
  for (const [url, location] of Object.entries(pages)) {
    const answer = await server.inject({ url, headers })
    assert.deepEqual([answer.statusCode, answer.headers.location], [303, location], url)
    assert.equal((await server.inject({ url })).statusCode, 401, 'a program is told by status')
  }
  assert.equal((await server.inject({ url: '/openapi.json', headers })).statusCode, 401)
  const login = await server.inject({ url: '/login?next=docs', headers })
  assert.equal(login.statusCode, 200)
  assert.match(login.body, /name="next" value="docs"/)
})

test('the page of the login lets in its own script alone, whose text is fixed', async (t) => {
  const { server } = await setUp(t)
  const policies = new Set<string>()
  for (const next of ['console', "docs';alert(1);'"]) {
    const { body, headers } = await server.inject(`/login?next=${encodeURIComponent(next)}`)
    const scripts = Array.from(
      body.matchAll(/<script>([^]*?)<\/script>/gu),
      ([, text = '']) => text,
    )
    const hashes = scripts.map((text) => createHash('sha256').update(text).digest('base64'))
    assert.equal(hashes.length, 1)
    const policy = String(headers['content-security-policy'])
    assert.ok(policy.includes(`; script-src 'sha256-${hashes[0]}'; `), policy)
    policies.add(policy)
  }
  assert.equal(policies.size, 1)
})

test('a session is a cookie that no script reads, and it does what the key does', async (t) => {
  const { server, commands, logged } = await setUp(t)
  const answer = await logIn(server, 'backoffice')
  assert.deepEqual([answer.statusCode, answer.headers.location], [303, 'docs'])
  const setCookie = String(answer.headers['set-cookie'])
  assert.match(setCookie, /^cart-session=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/)
  assert.doesNotMatch(setCookie + JSON.stringify(logged), /backoffice/)
  const [cookie = ''] = setCookie.split(';')
  const list = await server.inject({ url: '/api/orders', headers: { cookie: `a=b; ${cookie}` } })
  assert.equal(list.statusCode, 200)
  assert.equal((await create(server, { cookie, origin: ORIGIN })).statusCode, 201)
  assert.equal(commands.created[0]?.principal, 'api_key:backoffice')
  const stream = await server.inject({ url: '/api/events/stream', headers: { cookie } })
  assert.equal(stream.json().code, 'SERVICE_FULL', 'let in, and no reader has a place')
  const health = await server.inject({ url: '/health', headers: { cookie } })
  assert.equal(health.json().code, 'SCOPE_MISSING')
})

test('over TLS the cookie is for TLS and this host alone', async (t) => {
  const { server } = await setUp(t, 'https://shop.example/orders')
  const answer = await logIn(server, 'reader', { origin: 'https://shop.example' })
  const setCookie = String(answer.headers['set-cookie'])
  assert.match(
    setCookie,
    /^__Host-cart-session=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  )
})

test('a write by a cookie is taken from pages of the service alone', async (t) => {
  const { server, commands } = await setUp(t, 'https://shop.example/orders')
  const cookie = await (async () => {
    const answer = await logIn(server, 'backoffice')
    return String(answer.headers['set-cookie']).split(';')[0] ?? ''
  })()
  for (const origin of ['https://evil.example', 'null', 'https://shop.example.evil.example', '']) {
    const answer = await create(server, { cookie, origin })
    assert.deepEqual([answer.statusCode, answer.json().code], [403, 'ORIGIN_NOT_ALLOWED'], origin)
  }
  assert.equal((await create(server, { cookie })).statusCode, 403, 'without any')
  assert.deepEqual(commands.created, [])
  assert.equal((await create(server, { cookie, origin: 'https://shop.example' })).statusCode, 201)
  // A program's header is set on purpose, whatever page it is from.
  const header = { authorization: 'Bearer backoffice', origin: 'https://evil.example' }
  assert.equal((await create(server, header)).statusCode, 201)
})

test('a page of somebody else logs nobody in or out', async (t) => {
  const { server } = await setUp(t)
  const stranger = { origin: 'https://evil.example' }
  const login = await logIn(server, 'reader', stranger)
  assert.deepEqual([login.statusCode, login.headers['set-cookie']], [403, undefined])
  const logout = await server.inject({ method: 'POST', url: '/logout', headers: stranger })
  assert.deepEqual([logout.statusCode, logout.headers['set-cookie']], [403, undefined])
})

test('a wrong credential is told on the page, and one that is too long for a cookie, too', async (t) => {
  const { server } = await setUp(t)
  const wrong = await logIn(server, 'stranger')
  assert.deepEqual([wrong.statusCode, wrong.headers['set-cookie']], [401, undefined])
  assert.match(wrong.body, /role="alert">The API key or token is not known here/)
  const long = 'x'.repeat(4_000)
  Object.assign(CALLERS, { [long]: [] })
  t.after(() => Reflect.deleteProperty(CALLERS, long))
  assert.equal((await logIn(server, long)).statusCode, 400)
})

test('a login leads to a page of the service, whatever the form says', async (t) => {
  const { server } = await setUp(t)
  for (const next of ['https://evil.example', '//evil.example', '../docs', '']) {
    assert.equal((await logIn(server, 'reader', {}, next)).headers.location, 'console')
  }
})

test('a session ends after twelve hours, at the logout, with its key, and with another seal', async (t) => {
  const { server, advance } = await setUp(t)
  const cookie = await cookieOf(server, 'reader')
  const statusNow = async (text = cookie) =>
    (await server.inject({ url: '/api/orders', headers: { cookie: text } })).statusCode
  assert.equal(await statusNow(), 200)
  const logout = await server.inject({
    method: 'POST',
    url: '/logout',
    headers: { host: HOST, origin: ORIGIN },
  })
  assert.match(String(logout.headers['set-cookie']), /^cart-session=; .*; Max-Age=0$/)
  const { reader } = CALLERS
  Reflect.deleteProperty(CALLERS, 'reader')
  assert.equal(await statusNow(), 401)
  Object.assign(CALLERS, { reader })
  advance(12 * 3_600_000 - 1)
  assert.equal(await statusNow(), 200)
  advance(1)
  assert.equal(await statusNow(), 401)
  const forged = createSeal().close(JSON.stringify([Date.now() + 1e9, 'reader']))
  assert.equal(await statusNow(`cart-session=${forged}`), 401)
  for (const text of ['', 'x', 'ä', 'cart-session=', `${cookie}x`, cookie.slice(0, -2)]) {
    assert.equal(await statusNow(text), 401, text)
  }
})
