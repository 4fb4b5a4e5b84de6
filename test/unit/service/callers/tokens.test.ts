import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { before, test } from 'node:test'
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose'
import type { CredentialVerdict } from '../../../../src/business/callers/credential-check.ts'
import { KeysUnavailable } from '../../../../src/service/callers/key-set.ts'
import { TokenCheck } from '../../../../src/service/callers/tokens.ts'
import {
  AUDIENCE,
  ISSUER,
  newSigningKey,
  sign,
  type SigningKey,
} from '../../../support/identity-provider.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const RULES = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['ES256'],
  scopesClaim: 'scope',
  principalClaim: 'sub',
}

type Claims = Readonly<Record<string, unknown>>

const HOUR_SECONDS = 3_600

let key: SigningKey
/** Of the same provider, with an algorithm that is not pinned. */
let rsaKey: SigningKey

before(async () => {
  key = await newSigningKey('one')
  rsaKey = await newSigningKey('two', 'RS256')
})

function setUp(rules = RULES) {
  const clock = new ManualClock()
  const keys = createLocalJWKSet({ keys: [key.publicJwk, rsaKey.publicJwk] })
  let lookCount = 0
  const findKey: JWTVerifyGetKey = (header, token) => {
    lookCount += 1
    return keys(header, token)
  }
  const tokens = new TokenCheck({ rules, findKey, clock })
  return { clock, tokens, lookCount: () => lookCount }
}

async function verdictOn(claims: Claims, rules = RULES): Promise<CredentialVerdict> {
  return setUp(rules).tokens.check(await sign(key, claims, 0))
}

async function callerOf(claims: Claims, rules = RULES) {
  const verdict = await verdictOn(claims, rules)
  return verdict.kind === 'known' ? [verdict.caller.principal, [...verdict.caller.scopes]] : verdict
}

test('a token is its subject, with the scopes that are of this service', async () => {
  assert.deepEqual(await callerOf({ scope: 'openid orders:read admin x' }), [
    'user:anna',
    ['orders:read', 'admin'],
  ])
  assert.deepEqual(await callerOf({}), ['user:anna', []])
})

test('a client that acts for itself is a service account', async () => {
  assert.deepEqual(await callerOf({ sub: 'shop', client_id: 'shop' }), ['service_account:shop', []])
  assert.deepEqual(await callerOf({ sub: 'anna', azp: 'shop' }), ['user:anna', []])
})

test('scopes may be a list, and both claims may have other names', async () => {
  const rules = { ...RULES, scopesClaim: 'roles', principalClaim: 'oid' }
  const claims = { oid: '4711', roles: ['orders:write', 7, 'x'] }
  assert.deepEqual(await callerOf(claims, rules), ['user:4711', ['orders:write']])
})

const NOT_HERE: Readonly<Record<string, Claims>> = {
  'of another issuer': { iss: 'https://other.example' },
  'for another audience': { aud: 'invoices' },
  'that begins later': { nbf: 31 },
  'without a subject': { sub: undefined },
  'whose subject is no text': { sub: 7 },
  'whose subject breaks lines': { sub: 'anna\nbob' },
  'whose subject is too long': { sub: 'x'.repeat(256) },
  'without an end': { exp: undefined },
}
for (const [name, claims] of Object.entries(NOT_HERE)) {
  test(`a token ${name} is refused`, async () => {
    assert.deepEqual(await verdictOn(claims), { kind: 'refused', fault: 'not-for-this-service' })
  })
}

test('a token is taken for thirty seconds after its end, as clocks differ', async () => {
  const { clock, tokens } = setUp()
  const token = await sign(key, {}, 0)
  clock.advance((HOUR_SECONDS + 29) * 1_000)
  assert.equal((await tokens.check(token)).kind, 'known')
  // It is remembered, and not beyond its end.
  clock.advance(1_000)
  assert.deepEqual(await tokens.check(token), { kind: 'refused', fault: 'expired' })
})

test('a signature is checked once a minute, however often and by how many it is shown', async () => {
  const { clock, tokens, lookCount } = setUp()
  const token = await sign(key, {}, 0)
  await Promise.all([tokens.check(token), tokens.check(token)])
  assert.ok(!(tokens.check(token) instanceof Promise))
  assert.equal(lookCount(), 1)
  clock.advance(60_000)
  await tokens.check(token)
  assert.equal(lookCount(), 2)
})

test('a token that somebody else has signed, or changed, is refused', async () => {
  const { tokens } = setUp()
  const stranger = await newSigningKey('one')
  const unknown = { kind: 'refused', fault: 'unknown' }
  assert.deepEqual(await tokens.check(await sign(stranger, {}, 0)), unknown)
  const token = await sign(key, { scope: 'orders:read' }, 0)
  const [head, , signature] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ sub: 'anna', scope: 'admin' })).toString('base64url')
  assert.deepEqual(await tokens.check(`${head}.${forged}.${signature}`), unknown)
})

test('another algorithm than the pinned ones is refused, none and a shared secret among them', async () => {
  const { tokens } = setUp()
  const body = Buffer.from(JSON.stringify({ iss: ISSUER, aud: AUDIENCE, sub: 'anna', exp: 9_999 }))
  const partsOf = (alg: string): string =>
    [JSON.stringify({ alg, kid: 'one' }), body]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
  // The public key as if it were a secret: the classic confusion.
  const mac = createHmac('sha256', JSON.stringify(key.publicJwk)).update(partsOf('HS256'))
  for (const token of [
    await sign(rsaKey, {}, 0),
    `${partsOf('HS256')}.${mac.digest('base64url')}`,
    `${partsOf('none')}.${'x'.repeat(4)}`,
  ]) {
    assert.deepEqual(await tokens.check(token), { kind: 'refused', fault: 'unknown' })
  }
})

test('a text that is no token is left to other checks', () => {
  const { tokens } = setUp()
  for (const text of ['', 'cart_shop_x', 'a.b', 'a.b.', 'a.b.c.d.e', 'a.b.c d']) {
    assert.deepEqual(tokens.check(text), { kind: 'refused', fault: 'not-a-credential' })
  }
})

function rejectingCheck(held: Promise<never>): TokenCheck {
  return new TokenCheck({ rules: RULES, findKey: () => held, clock: new ManualClock() })
}

test('while the keys cannot be read nobody says that a token is wrong', async () => {
  const held = Promise.withResolvers<never>()
  const check = rejectingCheck(held.promise).check(await sign(key, {}, 0))
  held.reject(new KeysUnavailable('ECONNREFUSED'))
  assert.deepEqual(await check, { kind: 'unavailable' })
})

test('of more new tokens than can be checked at once the rest is turned away', async () => {
  const held = Promise.withResolvers<never>()
  const tokens = rejectingCheck(held.promise)
  const head = Buffer.from('{"alg":"ES256"}').toString('base64url')
  const checks = Array.from({ length: 257 }, async (_, number) =>
    tokens.check(`${head}.e30.${number}`),
  )
  held.reject(new KeysUnavailable('x'))
  const kinds = (await Promise.all(checks)).map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind === 'unavailable').length, 256)
  assert.equal(kinds.at(-1), 'full')
})
