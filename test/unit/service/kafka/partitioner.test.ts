import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf } from '../../../../src/service/kafka/partitioner.ts'

/**
 * Made with `Utils.toPositive(Utils.murmur2(key)) % n` of kafka-clients 4.3.1, for n of 3, 12, 1000.
 * They hold every length modulo 4, keys beyond ASCII, and hashes of both signs.
 */
const JAVA_VECTORS: ReadonlyArray<[key: string, of3: number, of12: number, of1000: number]> = [
  ['a', 1, 4, 524],
  ['ab', 2, 2, 434],
  ['abc', 0, 3, 107],
  ['abcd', 2, 8, 100],
  ['ORD-0', 2, 5, 637],
  ['ORD-1', 1, 4, 668],
  ['ORD-5', 1, 7, 959],
  ['ORD-7', 2, 8, 308],
  ['order with spaces', 1, 1, 25],
  ['Bestellung-Ä-7', 2, 5, 81],
  ['注文-42', 1, 10, 738],
  ['😀', 0, 9, 617],
  ['x'.repeat(255), 2, 11, 887],
]

test('a key goes to the partition that the Java client chooses', () => {
  for (const [key, of3, of12, of1000] of JAVA_VECTORS) {
    const bytes = Buffer.from(key)
    const chosen = [3, 12, 1000].map((count) => partitionOf(bytes, count))
    assert.deepEqual(chosen, [of3, of12, of1000], key)
  }
})

test('a key that is a part of a larger buffer counts with its own bytes only', () => {
  const larger = Buffer.from('..ORD-0..')
  assert.equal(partitionOf(larger.subarray(2, 7), 1000), 637)
})
