import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderSchemaText } from '../../../../src/service/schema-registry/order-codec.ts'
import {
  shortReasons,
  shortSentence,
} from '../../../../src/service/schema-registry/registry-words.ts'

const FIELD = `{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'x' at path '/fields/7' in the new schema has no default value and is missing in the old schema', additionalInfo:'x'}`

test('a refusal of a registry keeps its reason, and not the whole old schema', () => {
  const said = `Schema being registered is incompatible with an earlier schema for subject "orders-value", details: [${FIELD}, {oldSchemaVersion: 1}, {oldSchema: '${orderSchemaText}'}, {compatibility: 'FULL_TRANSITIVE'}]; error code: 409`
  assert.equal(
    shortSentence(said),
    `Schema being registered is incompatible with an earlier schema for subject "orders-value", details: [${FIELD}, {oldSchemaVersion: 1}, {compatibility: 'FULL_TRANSITIVE'}]; error code: 409`,
  )
})

test('of a list of reasons those that are a schema and nothing else are left out', () => {
  const said = [FIELD, '{oldSchemaVersion: 1}', `{oldSchema: '${orderSchemaText}'}`]
  assert.deepEqual(shortReasons(said), [FIELD, '{oldSchemaVersion: 1}'])
})

test('a schema that was cut off, or holds braces in its texts, takes nothing else with it', () => {
  assert.equal(shortSentence(`no: ${orderSchemaText.slice(0, 300)}`), 'no: {…}')
  const odd = JSON.stringify({ doc: `a } and a " and \\ ${'x'.repeat(100)}`, of: { a: 1 } })
  assert.equal(shortSentence(`is ${odd}, not ${odd}`), 'is {…}, not {…}')
})

test('what is short stays as it is, on one line', () => {
  assert.equal(
    shortSentence(' the default\n {"a": 1}  is refused '),
    'the default {"a": 1} is refused',
  )
})

test('sentences and lists have a bound', () => {
  const long = shortSentence('x'.repeat(10_000))
  assert.equal(long.length, 500)
  assert.ok(long.endsWith('…'))
  const many = shortReasons(Array.from({ length: 1_000 }, (_, index) => `reason ${index}`))
  assert.equal(many.length, 21)
  assert.equal(many.at(-1), 'and 980 more')
})

test('texts as long as an answer may be are read once', () => {
  for (const part of ['{"', '{"a":', '\\"', '"', '{"a":1}']) {
    const text = `{"${part.repeat(1024 ** 2 / part.length)}`
    assert.ok(shortSentence(text).length <= 500, part)
  }
})
