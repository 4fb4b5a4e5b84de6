import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/environment.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env, 'service')
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

const PRODUCTION = { NODE_ENV: 'production' }

test('a service in production is not opened to others by a setting that nobody made', () => {
  const [problem = '', ...more] = problemsOf(PRODUCTION)
  assert.deepEqual(more, [])
  assert.match(problem, /^API_AUTH must be set, .* 0\.0\.0\.0 is open to other machines/)
  assert.match(problem, /: api-key .* or jwt, lets known callers in; none lets everybody in$/)
})

test('nor is its port for operators, whose callers may erase', () => {
  const env = { ...PRODUCTION, API_HOST: 'localhost', MANAGEMENT_HOST: '10.0.0.5' }
  assert.match(
    String(problemsOf({ ...env, MANAGEMENT_PORT: '9000' })),
    /^API_AUTH must be set, .* 10\.0\.0\.5 is open to other machines/,
  )
  assert.deepEqual(problemsOf(env), [], 'without a port nothing listens there')
})

const OPENED: ReadonlyArray<Environment> = [
  {},
  { ...PRODUCTION, API_AUTH: 'none' },
  { ...PRODUCTION, API_AUTH: 'api-key', API_KEYS_FILE: 'keys' },
  { ...PRODUCTION, API_HOST: 'localhost' },
  { ...PRODUCTION, API_HOST: '127.0.0.2' },
  { ...PRODUCTION, API_HOST: '::1' },
  { ...PRODUCTION, API_HOST: 'localhost', MANAGEMENT_PORT: '9000' },
]
for (const env of OPENED) {
  test(`a service starts with ${JSON.stringify(env)}`, () => {
    assert.deepEqual(problemsOf(env), [])
  })
}

test('a tool, which does not listen, runs in production without API_AUTH', () => {
  assert.equal(loadConfig(PRODUCTION).callers.ways, undefined)
})

test('half a setting of keys is refused', () => {
  assert.match(String(problemsOf({ API_AUTH: 'api-key' })), /^API_KEYS_FILE must be set/)
  assert.match(String(problemsOf({ API_KEYS_FILE: 'keys' })), /^API_KEYS_FILE is set, and/)
  assert.match(
    String(problemsOf({ API_AUTH: 'none', API_KEYS_FILE: 'keys' })),
    /does not have api-key/,
  )
})

test('half a setting of tokens is refused, each part by its name', () => {
  const problems = problemsOf({ API_AUTH: 'jwt', API_JWT_ISSUER: 'https://idp.example' })
  assert.deepEqual(
    problems.map((problem) => problem.split(' ', 1)[0]),
    ['API_JWT_AUDIENCE', 'API_JWT_JWKS_URL'],
  )
})

test('a credential and its file together are refused', async (t) => {
  const path = join(await temporaryFolder(t), 'credential')
  await writeFile(path, 'a')
  const both = { API_CREDENTIAL: 'a', API_CREDENTIAL_FILE: path }
  assert.match(String(problemsOf(both)), /^API_CREDENTIAL_FILE is set, and/)
})

test('half a setting of a login at the provider is refused', () => {
  const jwt = {
    API_AUTH: 'jwt',
    API_JWT_ISSUER: 'https://idp.example',
    API_JWT_AUDIENCE: 'orders',
    API_JWT_JWKS_URL: 'https://idp.example/keys',
  }
  assert.deepEqual(problemsOf({ ...jwt, API_OIDC_CLIENT_ID: 'x' }), [
    'API_OIDC_CLIENT_ID is of no use without PUBLIC_URL',
  ])
  const whole = { ...jwt, API_OIDC_CLIENT_ID: 'x', PUBLIC_URL: 'https://shop.example' }
  assert.deepEqual(problemsOf(whole), [])
  assert.match(
    String(problemsOf({ ...whole, API_JWT_ISSUER: 'http://idp.example' })),
    /^API_JWT_ISSUER must be an https:\/\/ address/,
  )
  assert.match(
    String(problemsOf({ API_OIDC_CLIENT_SECRET: 'x' })),
    /^API_OIDC_CLIENT_SECRET is set/,
  )
})

function namesOf(env: Environment) {
  return problemsOf(env).map((problem) => problem.split(' ', 1)[0])
}

test('one port for two listeners is refused', () => {
  assert.deepEqual(namesOf({ MANAGEMENT_PORT: '8000' }), ['MANAGEMENT_PORT'])
  assert.deepEqual(namesOf({ MANAGEMENT_PORT: '9', API_PORT: '9' }), ['MANAGEMENT_PORT'])
})

test('what is wrong by itself and what is wrong together are told at once', () => {
  const problems = problemsOf({ ...PRODUCTION, API_PORT: 'x', API_KEYS_FILE: 'keys' })
  assert.deepEqual(
    problems.map((problem) => problem.split(' ', 1)[0]),
    ['API_PORT', 'API_KEYS_FILE', 'API_AUTH'],
  )
})
