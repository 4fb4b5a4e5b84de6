import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainSettings } from '../../../src/config/setting-sources.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'

function explain(env: Record<string, string>, file: Record<string, string>, name: string) {
  return explainSettings(env, file).find((setting) => setting.name === name)
}

test('every setting is there, in the order of the table', () => {
  assert.deepEqual(
    explainSettings({}, {}).map(({ name }) => name),
    listSettings().map(({ name }) => name),
  )
})

test('the environment wins over the file, the file over the default', () => {
  const name = 'KAFKA_TOPIC'
  assert.deepEqual(explain({}, {}, name), { name, value: 'order-events', source: 'default' })
  assert.deepEqual(explain({}, { [name]: 'b' }, name), { name, value: 'b', source: '.env' })
  assert.deepEqual(explain({ [name]: 'a' }, { [name]: 'b' }, name), {
    name,
    value: 'a',
    source: 'environment',
  })
})

test('blank in the environment hides the file, as for the service', () => {
  const name = 'KAFKA_TOPIC'
  const blank = explain({ [name]: ' ' }, { [name]: 'b' }, name)
  assert.deepEqual(blank, { name, value: 'order-events', source: 'default' })
})

test('what has no default is unset', () => {
  const name = 'KAFKA_TOPIC_REPLICATION_FACTOR'
  assert.deepEqual(explain({}, {}, name), { name, value: undefined, source: 'unset' })
})

function shown(env: Record<string, string>): string {
  return JSON.stringify(explainSettings(env, {}))
}

test('no secret is shown, wherever it stands', () => {
  const usable = shown({
    SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'key:geheim',
    KAFKA_SASL_PASSWORD: 'geheim',
    SCHEMA_REGISTRY_URL: 'https://key:ge%2Fh%40eim@registry.example/path',
    DATABASE_URL: 'postgres://user:geheim@host/db?sslmode=verify-full',
  })
  assert.ok(!/geheim|ge%2Fh|user/.test(usable), usable)
  assert.ok(usable.includes('https://***@registry.example/path'), usable)
  assert.ok(usable.includes('postgres://***@host/db?sslmode=verify-full'), usable)
  const refused = [
    'postgres://user:qxz#zxq@host/db',
    'postgres://user:qxzzxq/db',
    'postgres://user:qxz?zxq@host/db',
    'postgres//user:qxzzxq@host/db',
    'postgres://host/db?password=qxzzxq',
  ]
  for (const url of refused) {
    const text = shown({ DATABASE_URL: url, SCHEMA_REGISTRY_URL: url })
    assert.ok(!/qxz|zxq/.test(text), text)
  }
  const notUsable = shown({
    KAFKA_BOOTSTRAP_SERVERS: 'user:geheim@host:9092',
    API_JWT_JWKS_URL: 'https://:geheim@host/keys',
    KAFKA_SASL_USERNAME: 'clerk@host.example',
  })
  assert.ok(!notUsable.includes('geheim'), notUsable)
  assert.ok(notUsable.includes('clerk@host.example'), notUsable)
})
