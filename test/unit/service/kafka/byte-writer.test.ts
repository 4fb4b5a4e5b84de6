import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteWriter } from '../../../../src/service/kafka/byte-writer.ts'

/** Zigzag, seven bits a byte, the lowest first. */
function readVarint(bytes: Buffer): bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n)
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n
}

function varintOf(value: number): Buffer {
  const writer = new ByteWriter(Buffer.alloc(10))
  writer.varint(value)
  return writer.written
}

test('a varint is read back as the number that was written, whatever its size', () => {
  // One bit is the sign's.
  const numbers = fc.maxSafeInteger().map((number) => Math.trunc(number / 2))
  const edges = [0, -1, 63, -64, 64, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 40]
  fc.assert(
    fc.property(fc.oneof(numbers, fc.constantFrom(...edges)), (number) => {
      const bytes = varintOf(number)
      assert.equal(readVarint(bytes), BigInt(number))
      assert.ok(bytes.subarray(0, -1).every((byte) => byte >= 128) && (bytes.at(-1) ?? 128) < 128)
    }),
  )
})

test('a frame has its length in front, whatever that takes', () => {
  for (const length of [0, 63, 64, 10_000]) {
    const writer = new ByteWriter(Buffer.alloc(length + 20))
    writer.int8(7)
    const frame = writer.beginFrame()
    writer.bytes(Buffer.alloc(length, 'x'))
    writer.endFrame(frame)
    const expected = [Buffer.from([7]), varintOf(length), Buffer.alloc(length, 'x')]
    assert.deepEqual(writer.written, Buffer.concat(expected))
  }
})
