import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTraceparent } from '../../../src/api/traceparent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

test('reads a traceparent as W3C writes it', () => {
  const traceparent = `00-${TRACE}-${PARENT}-01`
  assert.deepEqual(readTraceparent({ traceparent }), { traceparent })
})

test('counts a missing or malformed traceparent as absent', () => {
  const malformed = [
    undefined,
    '',
    `00-${TRACE}-${PARENT}`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01\n`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  ]
  for (const traceparent of malformed) assert.deepEqual(readTraceparent({ traceparent }), {})
})
