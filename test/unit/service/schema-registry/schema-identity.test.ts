import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFateOfId } from '../../../../src/service/schema-registry/schema-identity.ts'

const SCHEMA = '{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}'

const OURS = { text: SCHEMA, schemaType: 'AVRO', hasReferences: false }

const CASES = [
  { found: undefined, fate: 'lost' },
  { found: OURS, fate: 'ours' },
  // A JSON schema may have the same text.
  { found: { ...OURS, schemaType: 'JSON' }, fate: 'taken' },
  // Types that it refers to are part of it, and are not in the text.
  { found: { ...OURS, hasReferences: true }, fate: 'taken' },
  { found: { ...OURS, text: '"string"' }, fate: 'taken' },
  { found: { ...OURS, text: 'syntax = "proto3";' }, fate: 'taken' },
] as const

for (const { found, fate } of CASES) {
  test(`an id is ${fate} with ${JSON.stringify(found) ?? 'no schema'}`, async () => {
    assert.equal(await findFateOfId({ schemaById: async () => found }, 7, SCHEMA), fate)
  })
}
