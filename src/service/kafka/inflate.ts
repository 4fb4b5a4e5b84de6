import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { FrameError } from '../wire/frames.ts'

/** By the lowest three bits of a batch's attributes. Source: kafka.apache.org, "Record Batch". */
export const COMPRESSION_MASK = 0b111

/** Snappy as Java writes it: blocks behind this mark and eight bytes of versions. */
const XERIAL_MARK = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Older and other frames say nothing of their sizes in front. */
const LZ4_MARK = 0x184d2204

/** Sizes of an LZ4 frame's blocks, by a code in its descriptor. Source: LZ4 Frame Format 1.6.1. */
const LZ4_BLOCK_BYTES = new Map([
  [4, 1 << 16],
  [5, 1 << 18],
  [6, 1 << 20],
  [7, 1 << 22],
])
const LZ4_HAS_BLOCK_CHECKSUM = 1 << 4
const LZ4_HAS_CONTENT_SIZE = 1 << 3
const LZ4_HAS_DICTIONARY = 1 << 0
const LZ4_IS_STORED = 0x8000_0000
const CHECKSUM_BYTES = 4

/** As many bytes as are allowed were made of it, and more would have come. */
export class BombError extends FrameError {}

/**
 * The records of a batch as they were before they were compressed. Throws a FrameError before it makes
 * more than `bytesMax` bytes, and where the bytes are not what they say.
 */
export function inflate(compression: number, bytes: Buffer, bytesMax: number): Buffer {
  const algorithm = ALGORITHMS[compression]
  if (algorithm === undefined)
    throw new FrameError(`is compressed in an unknown way (${compression})`)
  try {
    return algorithm(bytes, bytesMax)
  } catch (error) {
    if (error instanceof FrameError) throw error
    if (isBufferTooLarge(error)) throw new BombError(tooLarge(bytesMax))
    throw new FrameError(
      `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

type Inflate = (bytes: Buffer, bytesMax: number) => Buffer

const ALGORITHMS: ReadonlyArray<Inflate | undefined> = [
  (bytes) => bytes,
  (bytes, bytesMax) => gunzipSync(bytes, { maxOutputLength: bytesMax }),
  inflateSnappy,
  inflateLz4,
  (bytes, bytesMax) => zstdDecompressSync(bytes, { maxOutputLength: bytesMax }),
]

/** The libraries of these two have no bound of their own, and say in front how much comes. */
function inflateSnappy(bytes: Buffer, bytesMax: number): Buffer {
  const isXerial = bytes.subarray(0, XERIAL_MARK.length).equals(XERIAL_MARK)
  let claimed = 0
  for (const block of isXerial ? xerialBlocks(bytes) : [bytes]) claimed += claimedBySnappy(block)
  if (claimed > bytesMax) throw new FrameError(tooLarge(bytesMax))
  return compressionsAlgorithms.snappy.decompressSync(bytes)
}

function* xerialBlocks(bytes: Buffer): Generator<Buffer> {
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) throw new FrameError('a block of snappy is cut off')
    yield bytes.subarray(at + 4, end)
    at = end
  }
}

/** A varint of at most 32 bits. */
function claimedBySnappy(block: Buffer): number {
  let claimed = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block.readUInt8(index)
    claimed += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return claimed
  }
  throw new FrameError('a block of snappy has no length')
}

function inflateLz4(bytes: Buffer, bytesMax: number): Buffer {
  if (claimedByLz4(bytes) > bytesMax) throw new FrameError(tooLarge(bytesMax))
  return compressionsAlgorithms.lz4.decompressSync(bytes)
}

/** No more than its blocks hold; the last one may be half empty. */
function claimedByLz4(bytes: Buffer): number {
  if (bytes.readUInt32LE(0) !== LZ4_MARK) throw new FrameError('is no frame of LZ4')
  const flags = bytes.readUInt8(4)
  const blockBytesMax = LZ4_BLOCK_BYTES.get((bytes.readUInt8(5) >> 4) & 0b111)
  if (blockBytesMax === undefined) throw new FrameError('the blocks of LZ4 have no size')
  const blockTailBytes = (flags & LZ4_HAS_BLOCK_CHECKSUM) === 0 ? 0 : CHECKSUM_BYTES
  const contentSizeBytes = (flags & LZ4_HAS_CONTENT_SIZE) === 0 ? 0 : 8
  const dictionaryBytes = (flags & LZ4_HAS_DICTIONARY) === 0 ? 0 : 4
  const blocksAt = 4 + 2 + contentSizeBytes + dictionaryBytes + 1
  let claimed = 0
  for (let at = blocksAt; ;) {
    const size = bytes.readUInt32LE(at)
    if (size === 0) break
    const isStored = size >= LZ4_IS_STORED
    const blockBytes = isStored ? size - LZ4_IS_STORED : size
    claimed += isStored ? blockBytes : blockBytesMax
    at += 4 + blockBytes + blockTailBytes
  }
  // The reader of a frame reserves as much memory as the frame announces.
  if (contentSizeBytes === 0) return claimed
  return Math.max(claimed, Number(bytes.readBigUInt64LE(6)))
}

function tooLarge(bytesMax: number): string {
  return `unpacks to more than ${bytesMax} bytes`
}

function isBufferTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
