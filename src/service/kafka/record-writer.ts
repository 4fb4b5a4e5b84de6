/**
 * Writes the batch of one Produce request into one buffer, once. The client library's own writer makes a
 * list of small buffers for every record, and copies them twice.
 * Source: kafka.apache.org, "Record Batch" and "Record" (message format v2).
 */
import { crc32c } from '@platformatic/kafka'
import type { PendingEvent } from '../../models/order-event.ts'
import { ByteWriter } from './byte-writer.ts'
import { writeHeaders } from './event-headers.ts'
import type { BatchNumbers } from './lane/state.ts'
import { BATCH_HEAD_BYTES } from './record-size.ts'

const MAGIC = 2
const NO_ATTRIBUTES = 0
/** A producer leaves it to the broker. */
const UNKNOWN_LEADER_EPOCH = 0

/** Of the fields in a batch's head. */
const LENGTH_AT = 8
const COUNTED_FROM = 12
const CHECKSUM_AT = 17
const CHECKED_FROM = 21

/** An event as a record of a batch. */
export interface DatedEvent {
  readonly pending: PendingEvent
  readonly timestampMs: number
  /** Of its record, at most. */
  readonly bytes: number
}

/** The records of one partition, at least one, as one producer sends them. */
export function writeBatch(
  events: readonly DatedEvent[],
  { id, epoch, firstSequence }: BatchNumbers,
): Buffer {
  const roomBytes = BATCH_HEAD_BYTES + ByteWriter.frameRoomBytes
  const writer = new ByteWriter(
    Buffer.allocUnsafe(events.reduce((sum, { bytes }) => sum + bytes, roomBytes)),
  )
  const times = events.map(({ timestampMs }) => timestampMs)
  const [firstMs = 0] = times
  writer.int64(0)
  writer.int32(0)
  writer.int32(UNKNOWN_LEADER_EPOCH)
  writer.int8(MAGIC)
  writer.int32(0)
  writer.int16(NO_ATTRIBUTES)
  writer.int32(events.length - 1)
  writer.int64(firstMs)
  writer.int64(Math.max(...times))
  writer.int64(id)
  writer.int16(epoch)
  writer.int32(firstSequence)
  writer.int32(events.length)
  for (const [index, event] of events.entries()) writeRecord(writer, event, index, firstMs)
  const batch = writer.written
  batch.writeInt32BE(batch.length - COUNTED_FROM, LENGTH_AT)
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), CHECKSUM_AT)
  return batch
}

function writeRecord(
  writer: ByteWriter,
  { pending: { event, encoded }, timestampMs }: DatedEvent,
  offsetDelta: number,
  firstMs: number,
): void {
  const frame = writer.beginFrame()
  writer.int8(NO_ATTRIBUTES)
  writer.varint(timestampMs - firstMs)
  writer.varint(offsetDelta)
  writer.framed(encoded.key)
  writer.framed(encoded.value)
  writeHeaders(writer, event)
  writer.endFrame(frame)
}
