import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listSecretFiles } from '../../../src/config/secret-files.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'

test('every file of a secret is listed by its setting, wherever that is set', () => {
  const env = { API_KEYS_FILE: ' /etc/cart/keys ', DATABASE_PASSWORD_FILE: '' }
  const file = { KAFKA_SASL_PASSWORD_FILE: 'password', DATABASE_PASSWORD_FILE: 'other' }
  assert.deepEqual(listSecretFiles(env, file), [
    { names: ['KAFKA_SASL_PASSWORD_FILE'], path: 'password' },
    { names: ['API_KEYS_FILE'], path: '/etc/cart/keys' },
  ])
})

test('every setting of a secret has a file that is listed', () => {
  for (const { name, schema } of listSettings()) {
    if (schema.isSecret !== true) continue
    const path = '/run/x'
    assert.deepEqual(listSecretFiles({ [`${name}_FILE`]: path }, {}), [
      { names: [`${name}_FILE`], path },
    ])
  }
})

test('a .env is listed where it holds a secret, with the names and without the values', () => {
  assert.deepEqual(listSecretFiles({}, { API_PORT: '8080', KAFKA_SASL_PASSWORD: '' }), [])
  const plain = { DATABASE_URL: 'sqlite:data/a@b.db', SCHEMA_REGISTRY_URL: 'http://registry:8081/' }
  assert.deepEqual(listSecretFiles({}, plain), [])
  const file = {
    KAFKA_SASL_PASSWORD: 'hush',
    DATABASE_URL: 'postgres://cart:hush@db/orders',
    PGPASSWORD: 'hush',
  }
  // Also where the environment says something else: the file is read by whoever may.
  assert.deepEqual(listSecretFiles({ KAFKA_SASL_PASSWORD: 'other' }, file), [
    { names: ['KAFKA_SASL_PASSWORD', 'DATABASE_URL', 'PGPASSWORD'], path: '.env' },
  ])
})
