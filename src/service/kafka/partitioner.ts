/**
 * The partition of a key as the Java client's default partitioner chooses it:
 * `toPositive(murmur2(key)) % partitionCount`. Producers in other languages that are set to murmur2
 * agree, so one key is in one partition whoever wrote it.
 */
export function partitionOf(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/**
 * Source: `Utils.murmur2` of kafka-clients. The client's own counts in integers that grow with the key: a
 * kilobyte of garbage for each order.
 */
function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const wholeBytes = bytes.length & ~3
  let hash = SEED ^ bytes.length
  for (let at = 0; at < wholeBytes; at += 4) {
    let word = Math.imul(view.getInt32(at, true), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  for (let at = bytes.length - 1; at >= wholeBytes; at -= 1) {
    hash ^= view.getUint8(at) << (8 * (at - wholeBytes))
  }
  if (wholeBytes < bytes.length) hash = Math.imul(hash, MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
