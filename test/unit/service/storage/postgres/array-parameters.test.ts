import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Element,
  type ElementType,
  toArrayParameter,
} from '../../../../../src/service/storage/postgres/array-parameters.ts'

/** Dimensions, flags, type, length, first index, as the server's `array_send` writes them. */
function header(flags: number, type: number, length: number): string {
  return [1, flags, type, length, 1].map((field) => field.toString(16).padStart(8, '0')).join('')
}

function hexOf(type: ElementType, elements: readonly Element[]): string {
  return toArrayParameter(type, elements, (element) => element).toString('hex')
}

test('an array has the bytes that PostgreSQL reads', () => {
  assert.equal(hexOf('integer', [1, -2]), `${header(0, 23, 2)}000000040000000100000004fffffffe`)
  assert.equal(
    hexOf('bigint', [Number.MAX_SAFE_INTEGER]),
    `${header(0, 20, 1)}00000008001fffffffffffff`,
  )
  assert.equal(hexOf('text', ['é', null, '']), `${header(1, 25, 3)}00000002c3a9ffffffff00000000`)
  assert.equal(hexOf('bytea', [new Uint8Array([0, 255])]), `${header(0, 17, 1)}0000000200ff`)
})
