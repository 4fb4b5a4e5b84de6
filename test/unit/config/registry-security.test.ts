import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/environment.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const ISSUER = {
  SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL: 'https://idp.example/token',
  SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_ID: 'cart',
  SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET: 'hush',
}

test('tokens of OAuth and a certificate become what a registry is shown', async (t) => {
  const pem = join(await temporaryFolder(t), 'some.pem')
  await writeFile(pem, '-----BEGIN CERTIFICATE-----\n')
  const config = loadConfig({
    ...ISSUER,
    SCHEMA_REGISTRY_URL: 'https://registry.example',
    SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION: pem,
    SCHEMA_REGISTRY_SSL_KEY_LOCATION: pem,
    SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER: 'lsrc-1',
    SCHEMA_REGISTRY_BEARER_AUTH_IDENTITY_POOL_ID: 'pool-1',
  })
  assert.deepEqual(config.schemaRegistryAuth, {
    kind: 'oauth',
    credentials: {
      endpointUrl: 'https://idp.example/token',
      clientId: 'cart',
      clientSecret: { kind: 'text', text: 'hush' },
      scope: undefined,
    },
    logicalCluster: 'lsrc-1',
    identityPoolId: 'pool-1',
  })
  assert.equal(config.schemaRegistryTls?.certificateFile, pem)
})

test('half settings and contradictions of the registry are refused all at once', async (t) => {
  const pem = join(await temporaryFolder(t), 'some.pem')
  await writeFile(pem, '-----BEGIN CERTIFICATE-----\n')
  assert.deepEqual(
    problemsOf({
      SCHEMA_REGISTRY_URL: 'http://registry.example',
      SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'key:hush',
      SCHEMA_REGISTRY_BEARER_AUTH_TOKEN: 'hush',
      SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER: 'lsrc-1',
      SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION: pem,
    }),
    [
      'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO and SCHEMA_REGISTRY_BEARER_AUTH_TOKEN are set: a registry is shown one credential, so leave one of them',
      'SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER is set, and there is no SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL',
      'SCHEMA_REGISTRY_SSL_KEY_LOCATION is missing: SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION demands it',
      'SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION is set, and SCHEMA_REGISTRY_URL is no https:// address',
    ],
  )
  const { SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET: _, ...half } = ISSUER
  assert.deepEqual(problemsOf(half), [
    'SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET is missing, or SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET_FILE: SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL demands one',
  ])
})

test('several registries are refused, with what to do instead', () => {
  for (const url of ['http://a:1,http://b:1', 'http://a:1,b:1']) {
    const [problem = '', ...more] = problemsOf({ SCHEMA_REGISTRY_URL: url })
    assert.deepEqual(more, [])
    assert.match(
      problem,
      /must be one address: for several registries, set the name of what stands before them/,
    )
  }
  assert.match(
    String(problemsOf({ SCHEMA_REGISTRY_URL: 'ftp://key:a,b@host' })),
    /must be an http:\/\/ or https:\/\/ address/,
  )
})
