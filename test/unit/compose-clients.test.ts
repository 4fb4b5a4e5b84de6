import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listWeaknesses, postgresAddress } from '../../src/compose-clients.ts'
import { loadConfig } from '../../src/config/config.ts'

test('all that reads one database shares one token of AWS, and one back-off while there is none', async () => {
  const config = loadConfig({
    DATABASE_URL: 'postgres://cart@db.example/cart?sslmode=verify-full',
    DATABASE_AUTH: 'aws-iam',
    AWS_REGION: 'eu-central-1',
  })
  const failures = await Promise.all(
    [1, 2].map(async () => {
      const { signPassword } = postgresAddress(config)
      return signPassword?.().catch((error: unknown) => error)
    }),
  )
  assert.ok(failures[0] instanceof Error)
  assert.equal(failures[0], failures[1])
})

const weaknessesOf = (settings: Record<string, string>) => listWeaknesses(loadConfig(settings))

test('a credential that goes over a network as it is written is warned of', () => {
  const token = { SCHEMA_REGISTRY_BEARER_AUTH_TOKEN: 'hush' }
  const ofRegistry = /^SCHEMA_REGISTRY_URL is http:\/\/.* sees the credential; use https:\/\/$/
  for (const settings of [
    { SCHEMA_REGISTRY_URL: 'http://key:hush@registry.example' },
    { SCHEMA_REGISTRY_URL: 'http://registry.example', ...token },
  ]) {
    assert.match(weaknessesOf(settings).join(), ofRegistry)
  }
  assert.deepEqual(weaknessesOf(token), [], 'this machine alone')
  assert.deepEqual(weaknessesOf({ SCHEMA_REGISTRY_URL: 'https://registry.example', ...token }), [])
  assert.deepEqual(weaknessesOf({ SCHEMA_REGISTRY_URL: 'http://registry.example' }), [])
})
