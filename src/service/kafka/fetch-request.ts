import { createAPI, fetchV11, ResponseError, type Reader } from '@platformatic/kafka'

/** The broker's answer about the one partition that was asked for. */
export interface FetchAnswer {
  readonly throttleTimeMs: number
  /** Batches as the topic has them, the last one perhaps cut off. */
  readonly records: Buffer
}

type FetchArguments = Parameters<typeof fetchV11.createRequest>

/**
 * The client library's request with our own reading of the answer: the library unpacks all batches of
 * an answer at once, whatever they grow to.
 */
export const fetchRecords = createAPI<FetchArguments, FetchAnswer>(
  fetchV11.api.key,
  fetchV11.api.version,
  fetchV11.createRequest,
  parseAnswer,
  false,
  false,
)

/** Source: kafka.apache.org, "Fetch API", version 11. */
function parseAnswer(_id: number, apiKey: number, apiVersion: number, reader: Reader): FetchAnswer {
  const errors: Record<string, [number, null]> = {}
  const throttleTimeMs = reader.readInt32()
  const errorCode = reader.readInt16()
  if (errorCode !== 0) errors['/'] = [errorCode, null]
  // The session.
  reader.readInt32()
  const partitions = reader
    .readArray(
      (topic) => {
        topic.readString(false)
        return topic.readArray(parsePartition, false, false)
      },
      false,
      false,
    )
    .flat()
  partitions.forEach((partition, index) => {
    if (partition.errorCode !== 0) errors[`/partitions/${index}`] = [partition.errorCode, null]
  })
  const answer = { throttleTimeMs, records: partitions[0]?.records ?? Buffer.alloc(0) }
  if (Object.keys(errors).length > 0) throw new ResponseError(apiKey, apiVersion, errors, answer)
  return answer
}

function parsePartition(reader: Reader): { errorCode: number; records: Buffer | null } {
  reader.readInt32()
  const errorCode = reader.readInt16()
  // High watermark, last stable offset, log start offset.
  for (let index = 0; index < 3; index += 1) reader.readInt64()
  // Aborted transactions: producer and first offset.
  reader.readNullableArray((aborted) => [aborted.readInt64(), aborted.readInt64()], false, false)
  // The replica that is better read from.
  reader.readInt32()
  return { errorCode, records: reader.readNullableBytes(false) }
}
