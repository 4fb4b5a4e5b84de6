import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listAvroFields } from '../../../src/api/avro-fields.ts'

function typeOf(type: unknown): string | undefined {
  return listAvroFields({ type: 'record', name: 'R', fields: [{ name: 'f', type }] })[0]?.type
}

test('names every kind of Avro type in words', () => {
  assert.equal(typeOf('string'), 'string')
  assert.equal(typeOf({ type: 'string' }), 'string')
  assert.equal(typeOf(['null', 'long']), 'null or long')
  assert.equal(typeOf({ type: 'array', items: 'int' }), 'array of int')
  assert.equal(typeOf({ type: 'map', values: 'int' }), 'map of int')
  assert.equal(typeOf({ type: 'enum', name: 'E', symbols: ['A', 'B'] }), 'one of A, B')
  assert.equal(typeOf({ type: 'long', logicalType: 'timestamp-millis' }), 'timestamp-millis (long)')
  assert.equal(typeOf({ type: 'record', name: 'Inner', fields: [] }), 'Inner')
})

test('lists the fields of records within records, with the way to them', () => {
  const inner = { type: 'record', name: 'I', fields: [{ name: 'b', type: 'int', default: 0 }] }
  const rows = listAvroFields({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: { type: 'array', items: inner }, doc: 'Some.' },
      { name: 'm', type: ['null', { type: 'map', values: inner }], default: null },
      { name: 'r', type: inner },
    ],
  })
  assert.deepEqual(
    rows.map(({ path }) => path),
    ['a', 'a[].b', 'm', 'm{}.b', 'r', 'r.b'],
  )
  assert.deepEqual(rows[0], { path: 'a', type: 'array of I', doc: 'Some.', default: undefined })
  assert.equal(rows[1]?.default, '0')
  assert.equal(rows[2]?.default, 'null')
})
