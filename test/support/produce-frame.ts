/**
 * Just enough of Kafka's protocol to tell Produce requests from others and to answer them.
 *
 * A frame is its length (int32), then for a request api key (int16), version (int16), correlation id
 * (int32), client id (nullable string); for a response the correlation id. Produce is key 0; the
 * layouts below are those of version 8, the one that the lanes speak: one topic, and a batch of one or
 * more of its partitions.
 */

export const API_KEYS = { produce: 0, fetch: 1, listOffsets: 2, describeProducers: 61 } as const

const PRODUCE_VERSION = 8

export function apiKeyOf(request: Buffer): number {
  return request.readInt16BE(4)
}

export function isProduce(request: Buffer): boolean {
  return apiKeyOf(request) === API_KEYS.produce
}

export function isDescribeProducers(request: Buffer): boolean {
  return apiKeyOf(request) === API_KEYS.describeProducers
}

export function requestId(request: Buffer): number {
  return request.readInt32BE(8)
}

export function responseId(response: Buffer): number {
  return response.readInt32BE(4)
}

interface Target {
  /** With its length in front, as in the frame. */
  readonly topic: Buffer
  readonly partitions: readonly number[]
}

function targetOf(request: Buffer): Target {
  if (request.readInt16BE(6) !== PRODUCE_VERSION) throw new Error('unexpected Produce version')
  let at = 12 + 2 + Math.max(0, request.readInt16BE(12))
  at += 2 + Math.max(0, request.readInt16BE(at))
  at += 2 + 4 + 4
  const topic = request.subarray(at, at + 2 + request.readInt16BE(at))
  at += topic.length
  const partitions: number[] = []
  for (let left = request.readInt32BE(at); left > 0; left -= 1) {
    partitions.push(request.readInt32BE(at + 4))
    at += 4 + 4 + request.readInt32BE(at + 8)
  }
  return { topic, partitions }
}

export function partitionsOf(request: Buffer): readonly number[] {
  return targetOf(request).partitions
}

/** Of the first partition in the answer. */
export function withErrorCode(response: Buffer, errorCode: number): Buffer {
  const changed = Buffer.from(response)
  changed.writeInt16BE(errorCode, errorAt(changed))
  return changed
}

/** Of the first partition in the answer. */
export function withShiftedOffset(response: Buffer, by: bigint): Buffer {
  const changed = Buffer.from(response)
  const offsetAt = errorAt(changed) + 2
  changed.writeBigInt64BE(changed.readBigInt64BE(offsetAt) + by, offsetAt)
  return changed
}

function errorAt(response: Buffer): number {
  return 14 + response.readInt16BE(12) + 4 + 4
}

/** The response of a broker that did not take the request, for all its partitions. */
export function errorAnswer(request: Buffer, errorCode: number): Buffer {
  const { topic, partitions } = targetOf(request)
  const head = Buffer.alloc(4 + 4 + 4)
  request.copy(head, 4, 8, 12)
  head.writeInt32BE(1, 8)
  const count = Buffer.alloc(4)
  count.writeInt32BE(partitions.length)
  const refusals = partitions.map((partition) => partitionError(partition, errorCode))
  const throttleTime = Buffer.alloc(4)
  const answer = Buffer.concat([head, topic, count, ...refusals, throttleTime])
  answer.writeInt32BE(answer.length - 4)
  return answer
}

function partitionError(partition: number, errorCode: number): Buffer {
  const error = Buffer.alloc(4 + 2 + 8 + 8 + 8 + 4 + 2)
  error.writeInt32BE(partition, 0)
  error.writeInt16BE(errorCode, 4)
  error.writeBigInt64BE(-1n, 6)
  error.writeBigInt64BE(-1n, 14)
  error.writeBigInt64BE(-1n, 22)
  error.writeInt32BE(0, 30)
  error.writeInt16BE(-1, 34)
  return error
}

/**
 * The response of a broker that refuses a DescribeProducers request, of one partition. Version 0 is a
 * flexible one: lengths are varints and one too large, and tagged fields follow each structure.
 */
export function describeProducersErrorAnswer(request: Buffer, errorCode: number): Buffer {
  const topicAt = 14 + Math.max(0, request.readInt16BE(12)) + 1 + 1
  // One byte is the length of names below 127 bytes.
  const topic = request.subarray(topicAt, topicAt + request.readUInt8(topicAt))
  const partition = request.subarray(topicAt + topic.length + 1, topicAt + topic.length + 5)
  const error = Buffer.alloc(2)
  error.writeInt16BE(errorCode)
  const [none, one, noTags] = [Buffer.from([1]), Buffer.from([2]), Buffer.from([0])]
  const noMessage = Buffer.from([0])
  const throttleTime = Buffer.alloc(4)
  const answer = Buffer.concat([
    Buffer.alloc(4),
    request.subarray(8, 12),
    noTags,
    throttleTime,
    one,
    topic,
    one,
    partition,
    error,
    noMessage,
    none,
    noTags,
    noTags,
    noTags,
  ])
  answer.writeInt32BE(answer.length - 4)
  return answer
}
