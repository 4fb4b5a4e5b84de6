import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCart } from '../support/cart-command.ts'
import {
  answerKeys,
  answerText,
  AUDIENCE,
  ISSUER,
  newSigningKey,
  sign,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { spawnService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const CART_SETTINGS = { PATH: process.env['PATH'] ?? '' }

async function newKey(file: string, id: string, scopes: string): Promise<string> {
  const args = ['keys', 'new', id, '--file', file, '--scopes', scopes]
  const { code, stdout, stderr } = await runCart(args, CART_SETTINGS)
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

/** As `/metrics` says it, of the last key in the file. */
async function endOf(file: string, id: string): Promise<string> {
  const [line = ''] = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-1)
  const dayAfter = Date.parse(line.split(' ').at(-1) ?? '') / 1_000 + 86_400
  return `cart_credential_expiry_timestamp_seconds{kind="api-key",id="${id}"} ${dayAfter}`
}

function bearer(credential: string) {
  return { headers: { authorization: `Bearer ${credential}` } }
}

test('keys and tokens end to end: the change, its event, the log, and a key that comes and goes', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'keys')
  const shop = await newKey(file, 'shop', 'orders:write')
  const reader = await newKey(file, 'reader', 'orders:read')
  const signing = await newSigningKey('one')
  const { keySetUrl } = await startIdentityProvider(t, signing)
  const service = await startOwnService(t, {
    ...freshSettings(),
    API_AUTH: 'api-key,jwt',
    API_KEYS_FILE: file,
    API_JWT_ISSUER: ISSUER,
    API_JWT_AUDIENCE: AUDIENCE,
    API_JWT_JWKS_URL: keySetUrl,
  })
  const { port } = new URL(service.url)
  const cart = { ...CART_SETTINGS, API_HOST: '127.0.0.1', API_PORT: port }

  const refused = await runCart(['create', 'ORD-1'], cart)
  assert.match(refused.stderr, /^401 CREDENTIAL_MISSING: /)
  const credentialFile = join(folder, 'credential')
  await writeFile(credentialFile, `${shop}\n`)
  const withKey = { ...cart, API_CREDENTIAL_FILE: credentialFile }
  assert.equal((await runCart(['create', 'ORD-1'], withKey)).code, 0)
  const token = await sign(signing, { scope: 'orders:write' })
  const withToken = { ...cart, API_CREDENTIAL: token }
  assert.equal((await runCart(['update', 'ORD-1', 'confirmed'], withToken)).code, 0)

  const principals = await Promise.all(
    [1, 2].map(async (version) => {
      const url = `${service.url}/api/orders/ORD-1/events/${version}`
      const body = (await (await fetch(url, bearer(reader))).json()) as {
        data: { headers: { name: string; value: string }[] }
      }
      const valueOf = (name: string) => body.data.headers.find((one) => one.name === name)?.value
      return [valueOf('ce_authtype'), valueOf('ce_authid')]
    }),
  )
  assert.deepEqual(principals, [
    ['api_key', 'shop'],
    ['user', 'anna'],
  ])
  await until(
    () => /"principal":"api_key:shop".*"msg":"change answered"/.test(service.output()),
    'the log says whose change it was',
  )

  const statusOf = async (key: string): Promise<number> =>
    (await fetch(`${service.url}/api/orders`, bearer(key))).status
  const late = await newKey(file, 'late', 'orders:read')
  await until(async () => (await statusOf(late)) === 200, 'the new key is taken')
  await writeFile(file, '')
  await until(async () => (await statusOf(late)) === 401, 'the key that is gone is not taken')

  const output = service.output()
  for (const secret of [shop, reader, late, token]) assert.ok(!output.includes(secret))
})

test('health names the identity provider that is away, and changes get their 503 until it is back', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'keys')
  const operator = await newKey(file, 'operator', 'admin')
  const signing = await newSigningKey('one')
  const provider = await startIdentityProvider(t)
  provider.answer = answerText(200, '<html>')
  const service = await startOwnService(t, {
    ...freshSettings(),
    API_AUTH: 'api-key,jwt',
    API_KEYS_FILE: file,
    API_JWT_ISSUER: ISSUER,
    API_JWT_AUDIENCE: AUDIENCE,
    API_JWT_JWKS_URL: provider.keySetUrl,
  })
  const health = async () => {
    const answer = await fetch(`${service.url}/health`, bearer(operator))
    return (await answer.json()) as {
      status: string
      checks: { identityProvider: { status: string; reason?: string } }
    }
  }
  await until(
    async () => (await health()).checks.identityProvider.reason?.includes('is not JSON') === true,
    'health says what the provider answers',
  )
  const away = await health()
  assert.deepEqual([away.status, away.checks.identityProvider.status], ['degraded', 'down'])
  const metrics = async () =>
    (await (await fetch(`${service.url}/metrics`, bearer(operator))).text()).split('\n')
  const atStart = await metrics()
  assert.ok(atStart.includes('cart_dependency_up{dependency="identity-provider"} 0'))
  assert.ok(atStart.includes(await endOf(file, 'operator')))
  await newKey(file, 'late', 'orders:read')
  const endOfLate = await endOf(file, 'late')
  const token = await sign(signing, { scope: 'orders:write' })
  const create = () =>
    fetch(`${service.url}/api/create-order`, {
      method: 'POST',
      headers: { ...bearer(token).headers, 'content-type': 'application/json' },
      body: JSON.stringify({ orderId: 'ORD-1', numItems: 1 }),
    })
  const refused = await create()
  assert.equal(refused.status, 503)
  assert.equal(((await refused.json()) as { outcome: string }).outcome, 'not-applied')

  provider.answer = answerKeys(signing)
  await until(async () => (await create()).status === 201, 'tokens are taken without a restart')
  assert.deepEqual((await health()).status, 'healthy')
  await until(async () => (await metrics()).includes(endOfLate), 'the end of a new key is told')
  assert.match(service.output(), /the identity provider is up/)
})

test('a start in production, open to others, ends at once and names both ways out', async () => {
  const service = await spawnService({ NODE_ENV: 'production', API_HOST: '0.0.0.0' })
  assert.deepEqual(await service.exited, { code: 1, signal: null })
  assert.match(
    service.output(),
    /API_AUTH must be set, .*api-key with API_KEYS_FILE.*none lets everybody in/,
  )
})

test('a start with a file of keys that cannot be taken ends at once, and names the line', async (t) => {
  const file = join(await temporaryFolder(t), 'keys')
  await writeFile(file, 'shop abc orders:read 2099-01-01\n')
  const service = await spawnService({ API_AUTH: 'api-key', API_KEYS_FILE: file })
  assert.equal((await service.exited).code, 1)
  assert.match(
    service.output(),
    /API_KEYS_FILE must name a file that can be taken.*line 1: the hash/,
  )
})
