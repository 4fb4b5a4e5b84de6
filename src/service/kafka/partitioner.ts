import { murmur2 } from '@platformatic/kafka'

/**
 * The partition of a key as the Java client's default partitioner chooses it:
 * `toPositive(murmur2(key)) % partitionCount`. Producers in other languages that are set to murmur2
 * agree, so one key is in one partition whoever wrote it.
 */
export function partitionOf(key: Uint8Array, partitionCount: number): number {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  return (murmur2(bytes) & 0x7fffffff) % partitionCount
}
