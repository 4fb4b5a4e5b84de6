import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import fc from 'fast-check'
import { readRecords, type ReadRecords } from '../../../../src/service/kafka/record-batches.ts'
import { FrameError } from '../../../../src/service/wire/frames.ts'
import { makeBatch, makeRecord, varint, withChecksum } from '../../../support/record-batch.ts'

const UNPACKED_BYTES = 192 * 1024 * 1024
const TOO_MUCH = 'unpacks to more than 16777216 bytes'

/** Of the process: buffers lie outside of the heap. */
function heldBytes(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

const GOOD = makeBatch({
  firstOffset: 10,
  count: 1,
  records: makeRecord({ offsetDelta: 0, value: Buffer.from('good') }),
})

function valuesOf({ records }: ReadRecords): string[] {
  return records.map(({ offset, record }) => `${offset} ${String(record.value)}`)
}

/** Reads on where the read before ended, until the end of the bytes. */
function readAll(bytes: Buffer, end: number): ReadRecords[] {
  const reads: ReadRecords[] = []
  for (let next = 0; next < end; next = reads.at(-1)?.nextOffset ?? end) {
    const read = readRecords(bytes, next)
    assert.ok(read.nextOffset > next, `no progress at ${next}`)
    reads.push(read)
  }
  return reads
}

function isUnpackedFirst(name: string): boolean {
  return name === 'gzip' || name === 'zstd'
}

suite('batches of records', () => {
  const zeros = Buffer.alloc(UNPACKED_BYTES)
  const bombs: ReadonlyArray<readonly [string, number, Buffer]> = [
    ['gzip', 1, gzipSync(zeros)],
    ['snappy', 2, compressionsAlgorithms.snappy.compressSync(zeros)],
    ['LZ4', 3, compressionsAlgorithms.lz4.compressSync(zeros)],
    ['zstd', 4, zstdCompressSync(zeros)],
  ]
  for (const [name, attributes, records] of bombs) {
    test(`a bomb of ${name} is left out, named, and not unpacked`, () => {
      const bomb = makeBatch({ firstOffset: 7, count: 3, records, attributes })
      const bytes = Buffer.concat([bomb, GOOD])
      const before = heldBytes()
      const reads = readAll(bytes, 11)
      assert.ok(heldBytes() - before < UNPACKED_BYTES / 2)
      const skipped = reads.flatMap((read) => read.skipped)
      assert.deepEqual(skipped, [{ firstOffset: 7, lastOffset: 9, reason: TOO_MUCH }])
      assert.deepEqual(reads.flatMap(valuesOf), ['10 good'])
      // Where it shows only while it is unpacked, this takes as long as a page may.
      assert.equal(reads.length, isUnpackedFirst(name) ? 2 : 1)
    })
  }

  test('a frame of LZ4 that does not say what it holds is left out', () => {
    const literals = Buffer.alloc(1 + 4 + 15)
    literals.set([0xf0, 0])
    const size = Buffer.alloc(4)
    size.writeUInt32LE(literals.length)
    const legacy = Buffer.concat([Buffer.from('02214c18', 'hex'), size, literals])
    const batch = makeBatch({ firstOffset: 7, count: 3, records: legacy, attributes: 3 })
    const [skipped] = readRecords(batch, 0).skipped
    assert.equal(skipped?.reason, 'is no frame of LZ4')
  })

  test('a batch of snappy in blocks is measured by all of them', () => {
    const block = compressionsAlgorithms.snappy.compressSync(zeros.subarray(0, 1 << 20))
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.length)
    const mark = Buffer.from('82534e41505059000000000100000001', 'hex')
    const records = Buffer.concat([mark, ...Array.from({ length: 20 }, () => [size, block]).flat()])
    const bomb = makeBatch({ firstOffset: 7, count: 3, records, attributes: 2 })
    const [skipped] = readRecords(bomb, 0).skipped
    assert.equal(skipped?.reason, TOO_MUCH)
  })

  test('millions of empty records come in several reads, each of bounded size', () => {
    const empty = makeRecord({ offsetDelta: 1 }).length
    const count = 300_000
    const records = Buffer.concat(
      Array.from({ length: count }, (_, offsetDelta) => makeRecord({ offsetDelta })),
    )
    assert.ok(empty < 10)
    const batch = makeBatch({ firstOffset: 0, count, records: gzipSync(records), attributes: 1 })
    const reads = readAll(batch, count)
    assert.ok(reads.every(({ records: some }) => some.length <= 100_000))
    const offsets = reads.flatMap(({ records: some }) => some.map(({ offset }) => offset))
    assert.deepEqual(
      offsets,
      Array.from({ length: count }, (_, offset) => offset),
    )
  })

  test('many batches that unpack to much come in several reads', () => {
    const value = Buffer.alloc(4 * 1024 * 1024)
    const records = gzipSync(makeRecord({ offsetDelta: 0, value }))
    const batches = Array.from({ length: 12 }, (_, firstOffset) =>
      makeBatch({ firstOffset, count: 1, records, attributes: 1 }),
    )
    const reads = readAll(Buffer.concat(batches), batches.length)
    assert.deepEqual(
      reads.map((read) => read.records.length),
      [4, 4, 4],
    )
  })

  test('a record with more headers than anybody needs is left out and named', () => {
    const headers = Array.from({ length: 1_001 }, () => ['', ''] as const)
    const records = Buffer.concat([
      makeRecord({ offsetDelta: 0, headers }),
      makeRecord({ offsetDelta: 1, value: Buffer.from('next') }),
    ])
    const read = readRecords(makeBatch({ firstOffset: 4, count: 2, records }), 4)
    const reason = 'has more than 1000 headers'
    assert.deepEqual(read.skipped, [{ firstOffset: 4, lastOffset: 4, reason }])
    assert.deepEqual(valuesOf(read), ['5 next'])
  })

  test('records that make no sense hold up nobody', () => {
    const senseless = [
      Buffer.from([0xff, 0xff, 0xff, 0xff]),
      varint(2 ** 31 - 1),
      varint(-5),
      Buffer.alloc(0),
    ]
    for (const records of senseless) {
      const batch = makeBatch({ firstOffset: 7, count: 3, records })
      const read = readRecords(Buffer.concat([batch, GOOD]), 0)
      assert.equal(read.skipped.length, 1)
      assert.deepEqual(valuesOf(read), ['10 good'])
    }
  })

  test('a message of an old format is left out and named', () => {
    const batch = makeBatch({ firstOffset: 9, count: 1, records: Buffer.alloc(9), magic: 1 })
    const read = readRecords(Buffer.concat([batch, GOOD]), 0)
    assert.equal(read.skipped[0]?.reason, 'is in message format 1')
    assert.deepEqual(valuesOf(read), ['10 good'])
  })

  test('a batch that is not what its writer made is an error, and read again', () => {
    const harmed = Buffer.from(GOOD)
    harmed[65] = 0xff
    assert.throws(() => readRecords(harmed, 0), FrameError)
  })

  test('whatever a batch holds, a read ends with it behind or with an error of the frame', () => {
    const records = Buffer.concat(
      Array.from({ length: 3 }, (_, offsetDelta) =>
        makeRecord({ offsetDelta, value: Buffer.from('value'), headers: [['name', 'text']] }),
      ),
    )
    const bodies = [
      records,
      gzipSync(records),
      compressionsAlgorithms.snappy.compressSync(records),
      compressionsAlgorithms.lz4.compressSync(records),
      zstdCompressSync(records),
    ]
    fc.assert(
      fc.property(
        fc.nat({ max: bodies.length - 1 }),
        fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { minLength: 1 }),
        (attributes, harms) => {
          const body = bodies[attributes] ?? records
          const batch = makeBatch({ firstOffset: 0, count: 3, records: body, attributes })
          // Behind the length, the format and the checksum, which a broker has right.
          for (const [at, byte] of harms) batch[21 + (at % (batch.length - 21))] = byte
          batch.writeInt32BE(2, 23)
          const read = readRecords(withChecksum(batch), 0)
          assert.equal(read.nextOffset > 0, true)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})
