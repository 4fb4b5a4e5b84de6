import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import { boundedType } from '../../../../src/service/schema-registry/bounded-avro.ts'
import type { RegisteredSchema } from '../../../../src/service/schema-registry/client.ts'
import { createRecordDecoder } from '../../../../src/service/schema-registry/record-decoder.ts'
import { RegistryError } from '../../../../src/service/schema-registry/registry-error.ts'
import { varint } from '../../../support/record-batch.ts'

const schema = {
  type: 'record',
  name: 'Strange',
  fields: [
    { name: 'words', type: { type: 'array', items: 'string' } },
    { name: 'counts', type: { type: 'map', values: 'int' } },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
} as const

const value = { words: ['a', 'b'], counts: { x: 1, y: 2 }, note: 'n' }
const avroBytes = avro.Type.forSchema(schema as unknown as avro.Schema).toBuffer(value)

function framed(schemaId: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(schemaId, 1)
  return Buffer.concat([header, payload])
}

function decoderOf(schemas: Record<number, Partial<RegisteredSchema>>) {
  const asked: number[] = []
  const state = { isAway: false, nowMs: 0 }
  const decode = createRecordDecoder({
    clock: { monotonicMs: () => state.nowMs },
    client: {
      schemaById: async (schemaId) => {
        asked.push(schemaId)
        if (state.isAway) throw new RegistryError('unavailable', 'the registry is away')
        const found = schemas[schemaId]
        const common = { text: JSON.stringify(schema), schemaType: 'AVRO', hasReferences: false }
        return found && { ...common, ...found }
      },
    },
  })
  return { decode, asked, state }
}

async function reasonOf(bytes: Uint8Array, schemas: Record<number, Partial<RegisteredSchema>>) {
  const decoded = await decoderOf(schemas).decode(bytes)
  assert.ok(decoded.kind === 'undecodable')
  return decoded.reason
}

test('decodes by the schema under the id in the bytes, and asks for it once', async () => {
  const { decode, asked } = decoderOf({ 9: {} })
  const all = await Promise.all([1, 2, 3].map(() => decode(framed(9, avroBytes))))
  for (const decoded of all) {
    assert.ok(decoded.kind === 'decoded')
    assert.equal(decoded.schemaId, 9)
    assert.deepEqual(JSON.parse(JSON.stringify(decoded.value)), value)
  }
  assert.deepEqual(asked, [9])
})

test('bytes that nobody can read are answered with the reason and what they begin with', async () => {
  const { decode } = decoderOf({})
  assert.deepEqual(await decode(Buffer.from('hello')), {
    kind: 'undecodable',
    schemaId: undefined,
    reason: 'not in the wire format of the Schema Registry',
    hexPrefix: '68656c6c6f',
  })
  assert.match(await reasonOf(new Uint8Array(), {}), /wire format/)
  assert.equal(await reasonOf(framed(7, avroBytes), {}), 'the registry has no schema 7')
  assert.match(await reasonOf(framed(7, avroBytes), { 7: { schemaType: 'JSON' } }), /is JSON/)
  assert.match(await reasonOf(framed(7, avroBytes), { 7: { hasReferences: true } }), /refers/)
  assert.notEqual(await reasonOf(framed(7, avroBytes), { 7: { text: '{"type":"odd"}' } }), '')
  assert.match(await reasonOf(framed(7, avroBytes.subarray(0, 4)), { 7: {} }), /truncated/)
  const longer = Buffer.concat([avroBytes, Buffer.from([1])])
  assert.match(await reasonOf(framed(7, longer), { 7: {} }), /trailing/)
})

test('a registry that is away is not asked for every record, and asked again after a while', async () => {
  const { decode, asked, state } = decoderOf({ 9: {} })
  state.isAway = true
  const bytes = framed(9, avroBytes)
  const first = await decode(bytes)
  assert.ok(first.kind === 'undecodable')
  assert.equal(first.reason, 'the registry is away')
  await decode(bytes)
  assert.equal(asked.length, 1)
  state.isAway = false
  state.nowMs += 2_000
  assert.equal((await decode(bytes)).kind, 'decoded')
})

// Four bytes that claim two billion entries would keep avsc alone busy until the memory is full.
test('a length beyond the bytes ends the reading of arrays and maps', () => {
  const claimed = Buffer.from('feffffff0f', 'hex')
  for (const text of [
    '{"type":"array","items":"string"}',
    '{"type":"array","items":"null"}',
    '{"type":"map","values":"null"}',
  ]) {
    assert.throws(() => boundedType(text).fromBuffer(claimed), /truncated buffer/, text)
  }
})

test('blocks with their size in front are read as well', () => {
  // Block of -1 entries, 2 bytes long: "a"; then the end.
  const bytes = Buffer.from('0104026100', 'hex')
  assert.deepEqual(boundedType('{"type":"array","items":"string"}').fromBuffer(bytes), ['a'])
})

/** Avro's form of a number of up to 32 bits is that of Kafka. */
function emptyRecords(count: number): Buffer {
  return Buffer.concat([varint(count), Buffer.from([0])])
}

test('empty records that take no bytes are counted, wherever they stand', () => {
  const empty = { type: 'record', name: 'Empty', fields: [] }
  const lists = JSON.stringify({ type: 'array', items: { type: 'array', items: empty } })
  const inner = emptyRecords(900)
  const bomb = Buffer.concat([varint(1_000), ...Array.from({ length: 1_000 }, () => inner)])
  assert.throws(() => boundedType(lists).fromBuffer(bomb), /holds more than 100000 values/u)
})

test('records with many fields that take no bytes are counted by their fields', () => {
  const nothing = Array.from({ length: 100 }, (_, index) => ({ name: `f${index}`, type: 'null' }))
  const two = { type: 'record', name: 'M', fields: nothing }
  const three = { type: 'record', name: 'K', fields: [{ name: 'f', type: two }] }
  const fields = Array.from({ length: 2_000 }, (_, index) => ({
    name: `g${index}`,
    type: index === 0 ? three : 'K',
  }))
  const text = JSON.stringify({ type: 'record', name: 'J', fields })
  assert.throws(() => boundedType(text).fromBuffer(Buffer.alloc(0)), /holds more than 100000/u)
})

/** A list by so many branches of a union, then the null at its end. */
function nested(depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, 2), Buffer.from([0])])
}

test('what is nested too deep is refused, with bytes and without', () => {
  const list = { type: 'record', name: 'List', fields: [{ name: 'next', type: ['null', 'List'] }] }
  const type = boundedType(JSON.stringify(list))
  assert.doesNotThrow(() => JSON.stringify(type.fromBuffer(nested(99))))
  assert.throws(() => type.fromBuffer(nested(500_000)), /nested deeper than 100/u)
  const endless = { type: 'record', name: 'Self', fields: [{ name: 'self', type: 'Self' }] }
  const endlessType = boundedType(JSON.stringify(endless))
  assert.throws(() => endlessType.fromBuffer(Buffer.alloc(0)), /nested deeper than 100/u)
})
