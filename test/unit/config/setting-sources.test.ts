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

test('no secret is shown, wherever it stands', () => {
  const shown = explainSettings(
    {
      SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'key:geheim',
      SCHEMA_REGISTRY_URL: 'https://key:ge/h@eim@registry.example/path',
      DATABASE_URL: 'postgres://user:geheim@host/db?sslmode=require&password=geheim&x=1',
    },
    {},
  )
  const text = JSON.stringify(shown)
  assert.ok(!/geheim|ge\/h/.test(text), text)
  assert.ok(text.includes('https://***@registry.example/path'), text)
  assert.ok(text.includes('postgres://***@host/db?sslmode=require&password=***&x=1'), text)
})
