import { crc32c } from '@platformatic/kafka'

/** What goes into one batch of records on a topic, whether it makes sense or not. */
export interface BatchParts {
  readonly firstOffset: number
  readonly count: number
  /** The records, compressed as the attributes say. */
  readonly records: Buffer
  readonly attributes?: number
  readonly magic?: number
  /** Undefined: as many as there are. */
  readonly lastOffsetDelta?: number
}

/** With the right checksum, as a broker has it. Source: kafka.apache.org, "Record Batch". */
export function makeBatch(parts: BatchParts): Buffer {
  const { firstOffset, count, records, attributes = 0, magic = 2 } = parts
  const head = Buffer.alloc(61)
  head.writeBigInt64BE(BigInt(firstOffset), 0)
  head.writeInt32BE(49 + records.length, 8)
  head.writeInt8(magic, 16)
  head.writeInt16BE(attributes, 21)
  head.writeInt32BE(parts.lastOffsetDelta ?? count - 1, 23)
  head.writeBigInt64BE(1_700_000_000_000n, 27)
  head.writeBigInt64BE(1_700_000_000_000n, 35)
  head.writeInt32BE(count, 57)
  return withChecksum(Buffer.concat([head, records]))
}

/** Of one batch that was changed. */
export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

export interface RecordParts {
  readonly offsetDelta: number
  readonly value?: Buffer
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

export function makeRecord({ offsetDelta, value, headers = [] }: RecordParts): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(offsetDelta),
    varint(-1),
    value === undefined ? varint(-1) : field(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [field(Buffer.from(name)), field(Buffer.from(text))]),
  ])
  return Buffer.concat([varint(body.length), body])
}

function field(bytes: Buffer): Buffer {
  return Buffer.concat([varint(bytes.length), bytes])
}

/** Zigzag, of up to 32 bits. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = value < 0 ? -2 * value - 1 : 2 * value
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80)
  return Buffer.from([...bytes, left])
}
