/**
 * Reads the batches of records in a Fetch answer, as much as fits into one read: a batch of 200 kB
 * may unpack to 200 MB, or hold millions of empty records. What one read leaves is for the next one.
 *
 * Whoever may write to the topic must not hold up a look for our own events. So a batch or record that
 * is beyond the bounds, or that makes no sense, is left out and named: a lane writes none like that.
 * That holds of what the broker has; where the checksum says that it came in another shape, it is an
 * error of the connection, and read again.
 * Source: kafka.apache.org, "Record Batch".
 */
import { crc32c } from '@platformatic/kafka'
import { FrameError } from '../wire/frames.ts'
import { BombError, COMPRESSION_MASK, inflate } from './inflate.ts'
import { RecordCursor, type RecordBytes } from './record-cursor.ts'

/** Of one unpacked batch, and of all in one read but the first. A lane sends at most 1 MB in one. */
export const INFLATED_BYTES_MAX = 16 * 1024 * 1024

/** Records and headers together, of one read. */
const NODES_MAX = 100_000

const SIZE_AT = 8
const BODY_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
/** The bytes under the checksum begin here. */
const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const FIRST_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const COUNT_AT = 57
const RECORDS_AT = 61
const MAGIC = 2

/** Bits of a batch's attributes. */
const IS_LOG_APPEND_TIME = 1 << 3
const IS_CONTROL = 1 << 5

export interface TimedRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly record: RecordBytes
}

/** Records that are on the topic and cannot be read here. */
export interface SkippedRecords {
  readonly firstOffset: number
  readonly lastOffset: number
  /** The fault, without its subject: "unpacks to more than 16777216 bytes". */
  readonly reason: string
}

export interface ReadRecords {
  readonly records: readonly TimedRecord[]
  readonly skipped: readonly SkippedRecords[]
  /** Behind what was read, also where compaction left holes in it. */
  readonly nextOffset: number
}

/** The records from `from` on. */
export function readRecords(bytes: Buffer, from: number): ReadRecords {
  const read = new RecordsRead(from)
  for (const batch of batchesOf(bytes)) if (!read.take(batch)) break
  return read
}

/** Whole batches; an answer may end within one. */
function* batchesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + RECORDS_AT <= bytes.length;) {
    const size = bytes.readInt32BE(at + SIZE_AT)
    if (size < MAGIC_AT + 1 - BODY_AT) throw new FrameError(`a batch claims ${size} bytes`)
    const end = at + BODY_AT + size
    if (end > bytes.length) return
    yield bytes.subarray(at, end)
    at = end
  }
}

class RecordsRead implements ReadRecords {
  readonly records: TimedRecord[] = []
  readonly skipped: SkippedRecords[] = []
  nextOffset: number
  #inflatedBytes = 0
  #nodes = 0

  constructor(from: number) {
    this.nextOffset = from
  }

  /** Whether the next one may be taken too. */
  take(batch: Buffer): boolean {
    const firstOffset = Number(batch.readBigInt64BE(0))
    if (!Number.isSafeInteger(firstOffset) || firstOffset < 0) {
      throw new FrameError(`a batch has the offset ${firstOffset}`)
    }
    const magic = batch.readInt8(MAGIC_AT)
    if (magic < MAGIC) return this.#skip(firstOffset, firstOffset, `is in message format ${magic}`)
    if (magic > MAGIC || batch.length < RECORDS_AT) throw new FrameError('a batch is of no format')
    if (crc32c(batch.subarray(ATTRIBUTES_AT)) !== batch.readUInt32BE(CRC_AT)) {
      throw new FrameError(`the batch at offset ${firstOffset} has another checksum than it says`)
    }
    const lastOffset = firstOffset + Math.max(0, batch.readInt32BE(LAST_OFFSET_DELTA_AT))
    if (lastOffset < this.nextOffset) return true
    const attributes = batch.readInt16BE(ATTRIBUTES_AT)
    // Marks of transactions: for clients, not for their users.
    if ((attributes & IS_CONTROL) !== 0) return this.#passed(lastOffset)
    try {
      const compressed = batch.subarray(RECORDS_AT)
      const bytes = inflate(attributes & COMPRESSION_MASK, compressed, INFLATED_BYTES_MAX)
      if (bytes !== compressed) this.#inflatedBytes += bytes.length
      return (
        this.#takeRecords(batch, firstOffset, new RecordCursor(bytes)) && this.#passed(lastOffset)
      )
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      if (error instanceof BombError) this.#inflatedBytes += INFLATED_BYTES_MAX
      return this.#skip(firstOffset, lastOffset, error.message)
    }
  }

  #takeRecords(batch: Buffer, firstOffset: number, cursor: RecordCursor): boolean {
    const timeOf = batchTime(batch)
    const count = batch.readInt32BE(COUNT_AT)
    for (let index = 0; index < count; index += 1) {
      const { offsetDelta, timestampDelta } = cursor.begin()
      const offset = firstOffset + offsetDelta
      if (offset < this.nextOffset) {
        cursor.pass()
        continue
      }
      const record = cursor.read()
      if (typeof record === 'string') this.#skip(offset, offset, record)
      else this.records.push({ offset, timestampMs: timeOf(timestampDelta), record })
      this.nextOffset = offset + 1
      this.#nodes += 1 + (typeof record === 'string' ? 0 : record.headers.length)
      if (this.#nodes >= NODES_MAX) return false
    }
    return true
  }

  #passed(lastOffset: number): boolean {
    this.nextOffset = Math.max(this.nextOffset, lastOffset + 1)
    return this.#inflatedBytes < INFLATED_BYTES_MAX
  }

  #skip(firstOffset: number, lastOffset: number, reason: string): boolean {
    if (lastOffset < this.nextOffset) return this.#inflatedBytes < INFLATED_BYTES_MAX
    this.skipped.push({ firstOffset: Math.max(firstOffset, this.nextOffset), lastOffset, reason })
    return this.#passed(lastOffset)
  }
}

function batchTime(batch: Buffer): (timestampDelta: number) => number {
  const isLogAppendTime = (batch.readInt16BE(ATTRIBUTES_AT) & IS_LOG_APPEND_TIME) !== 0
  const [firstTimestamp, maxTimestamp] = [
    batch.readBigInt64BE(FIRST_TIMESTAMP_AT),
    batch.readBigInt64BE(MAX_TIMESTAMP_AT),
  ]
  return (delta) => (isLogAppendTime ? Number(maxTimestamp) : Number(firstTimestamp) + delta)
}
