import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unmarked } from '../../../src/console/entity-tag.ts'

test('what a proxy has made of the tag of an order is taken off again', () => {
  for (const tag of ['"3"', 'W/"3"', '"3-gzip"', '"3;br"', 'W/"3--gzip"']) {
    assert.equal(unmarked(tag), '"3"', tag)
  }
  // Of an event, and of nobody.
  for (const tag of ['"01991f3c-5d3e-7c2b"', '', null]) assert.equal(unmarked(tag), tag)
})
