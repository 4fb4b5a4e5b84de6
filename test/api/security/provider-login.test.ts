import assert from 'node:assert/strict'
import { before, test, type TestContext } from 'node:test'
import { newSigningKey, type SigningKey } from '../../support/identity-provider.ts'
import { BOUNDED_BYTES, startEndlessServer } from '../../support/endless-server.ts'
import { letInBy, startLoginProvider } from '../../support/login-provider.ts'
import { startTestServer } from '../harness.ts'

const PUBLIC_URL = 'https://shop.example/orders'

let key: SigningKey

before(async () => {
  key = await newSigningKey('one')
})

async function setUp(t: TestContext, readSecret?: () => Promise<string>) {
  const provider = await startLoginProvider(t, key)
  provider.claims = { scope: 'orders:read' }
  const { server } = await startTestServer(t, {
    ...letInBy(provider, key, 'orders:read', readSecret),
    settings: { publicUrl: PUBLIC_URL },
  })
  const begin = async (next = 'docs') => {
    const { headers, statusCode } = await server.inject(`/login/provider?next=${next}`)
    return {
      status: statusCode,
      url: String(headers.location),
      cookie: cookieIn(headers, 'cart-login'),
    }
  }
  /** What a browser does at the provider; resolves with what is behind PUBLIC_URL of where it is sent. */
  const visit = async (url: string): Promise<string> => {
    const { headers } = await fetch(url, { redirect: 'manual' })
    const location = headers.get('location') ?? ''
    assert.ok(location.startsWith(`${PUBLIC_URL}/login/callback?`), location)
    return location.slice(PUBLIC_URL.length)
  }
  const comeBack = (url: string, cookie: string) => server.inject({ url, headers: { cookie } })
  return { server, provider, begin, visit, comeBack }
}

function cookieIn(headers: object, name: string): string {
  const cookies = [new Map(Object.entries(headers)).get('set-cookie')].flat().map(String)
  return cookies.find((cookie) => cookie.startsWith(`__Host-${name}=`)) ?? ''
}

test('a browser logs in at the provider, and is what its token says', async (t) => {
  const { server, begin, visit, comeBack } = await setUp(t)
  const login = await begin()
  assert.equal(login.status, 303)
  assert.match(login.cookie, /; HttpOnly; SameSite=Lax; Secure$/)
  assert.doesNotMatch(login.url, /hush/)
  const back = await comeBack(await visit(login.url), login.cookie)
  assert.equal(back.statusCode, 200)
  assert.match(back.body, /http-equiv="refresh" content="0; url=\.\.\/docs"/)
  const session = cookieIn(back.headers, 'cart-session')
  assert.match(session, /; HttpOnly; SameSite=Strict; Secure$/)
  const headers = { cookie: session }
  assert.equal((await server.inject({ url: '/api/orders', headers })).statusCode, 200)
  assert.equal((await server.inject({ url: '/health', headers })).statusCode, 403)
  assert.match(cookieIn(back.headers, 'cart-login'), /Max-Age=0$/)
  assert.match((await server.inject('/login')).body, /href="login\/provider\?next=console"/)
})

test('a login is ended by the browser that began it, once, and as it was begun', async (t) => {
  const { begin, visit, comeBack } = await setUp(t)
  const login = await begin()
  const other = await begin()
  const back = await visit(login.url)
  for (const [url, cookie] of [
    [back, ''],
    [back, other.cookie],
    [back.replace(/state=[^&]*/, 'state=x'), login.cookie],
    ['/login/callback?error=access_denied', login.cookie],
    ['/login/callback', login.cookie],
  ] as const) {
    const answer = await comeBack(url, cookie)
    assert.equal(answer.statusCode, 401, url)
    assert.equal(cookieIn(answer.headers, 'cart-session'), '')
  }
  assert.equal((await comeBack(back, login.cookie)).statusCode, 200)
  assert.equal((await comeBack(back, login.cookie)).statusCode, 401, 'the code is used')
})

test('what is sealed for a session is no login, and what is sealed for a login is no session', async (t) => {
  const { server, begin, visit, comeBack } = await setUp(t)
  const login = await begin()
  const url = await visit(login.url)
  const session = cookieIn((await comeBack(url, login.cookie)).headers, 'cart-session')
  const other = (await begin()).cookie
  const asLogin = await comeBack(url, session.replace('cart-session', 'cart-login'))
  assert.equal(asLogin.statusCode, 401)
  assert.match(asLogin.body, /begin anew/)
  const asSession = other.replace('cart-login', 'cart-session')
  const answer = await server.inject({ url: '/api/orders', headers: { cookie: asSession } })
  assert.deepEqual([answer.statusCode, answer.json().code], [401, 'CREDENTIAL_MISSING'])
})

test('a token that is not for this service makes no session', async (t) => {
  const { provider, begin, visit, comeBack } = await setUp(t)
  provider.claims = { aud: 'invoices' }
  const login = await begin()
  const answer = await comeBack(await visit(login.url), login.cookie)
  assert.equal(answer.statusCode, 401)
  assert.match(answer.body, /gives no token for this service/)
})

test('a secret is read at each login, and a browser is told where the provider refuses it', async (t) => {
  let secret = 'first-hush'
  const { server, provider, begin, visit, comeBack } = await setUp(t, () => Promise.resolve(secret))
  const logIn = async () => {
    const login = await begin()
    return comeBack(await visit(login.url), login.cookie)
  }
  provider.secret = secret
  assert.equal((await logIn()).statusCode, 200)
  provider.secret = 'second-hush'
  const refused = await logIn()
  assert.equal(refused.statusCode, 503)
  assert.match(refused.body, /role="alert">This service cannot prove to the identity provider who/)
  const next = await server.inject('/login/provider')
  assert.deepEqual([next.statusCode, next.body], [503, refused.body])
  secret = provider.secret
  assert.equal((await logIn()).statusCode, 200)
})

test('while the provider is away a browser is told, and may log in by a key', async (t) => {
  const { provider, begin, visit, comeBack } = await setUp(t)
  const login = await begin()
  const back = await visit(login.url)
  provider.close()
  const answer = await comeBack(back, login.cookie)
  assert.equal(answer.statusCode, 503)
  assert.match(answer.body, /role="alert">The identity provider does not answer/)
  assert.match(answer.body, /action="\.\.\/login"/)
})

test('a provider whose answer has no end is one that does not answer', async (t) => {
  const { url: issuer, left } = await startEndlessServer(t)
  const { server } = await startTestServer(t, {
    ...letInBy({ issuer }, key, 'orders:read'),
    settings: { publicUrl: PUBLIC_URL },
  })
  const answer = await server.inject('/login/provider?next=docs')
  assert.equal(answer.statusCode, 503)
  assert.match(answer.body, /The identity provider does not answer/)
  assert.ok((await left()) < BOUNDED_BYTES)
})
