import { createAPI, produceV8, ResponseError, Writer, type Connection } from '@platformatic/kafka'

const ACKS_ALL = -1

/** How long the broker may wait for followers. */
const REPLICATION_TIMEOUT_MS = 1_500

/**
 * The time of an append in its ack where records keep their own dates. A broker that recognises a
 * repeat gives the time of the batch that it has.
 */
const NO_TIMESTAMP = -1n

const HAS_TAGS = false

/** As record-writer.ts writes it. */
export interface ProduceBatch {
  readonly partition: number
  readonly records: Buffer
  readonly bytes: number
}

export interface BatchAnswer {
  /** Kafka's; 0 where the broker took it. */
  readonly errorCode: number
  readonly baseOffset: number
  /** The broker says when it appended it. */
  readonly isStamped: boolean
}

export interface ProduceAnswer {
  /** In the order of the batches; undefined where the broker says nothing of one. */
  readonly batches: ReadonlyArray<BatchAnswer | undefined>
  /** So long the broker answers nothing more on this connection. */
  readonly throttleTimeMs: number
}

/** Whoever sends goes through one: what is sent may be counted. */
export type Produce = typeof produce

/**
 * Sends one batch of each of several partitions in one request, each of a producer of its own. Rejects
 * where nothing is known of any of them.
 */
export async function produce(
  connection: Connection,
  topic: string,
  batches: readonly ProduceBatch[],
): Promise<ProduceAnswer> {
  const { responses, throttleTimeMs } = await request(connection, topic, batches)
  const answers = new Map(
    responses
      .filter(({ name }) => name === topic)
      .flatMap(({ partitionResponses }) => partitionResponses.map((one) => [one.index, one])),
  )
  return {
    throttleTimeMs,
    batches: batches.map(({ partition }) => {
      const answer = answers.get(partition)
      return (
        answer && {
          errorCode: answer.errorCode,
          baseOffset: Number(answer.baseOffset),
          isStamped: answer.logAppendTimeMs !== NO_TIMESTAMP,
        }
      )
    }),
  }
}

/** The client rejects where one partition has an error. The rest of that answer is good. */
async function request(
  connection: Connection,
  topic: string,
  batches: readonly ProduceBatch[],
): Promise<produceV8.ProduceResponse> {
  try {
    return await api.async(connection, topic, batches)
  } catch (error) {
    if (!(error instanceof ResponseError) || !('response' in error)) throw error
    return error.response as produceV8.ProduceResponse
  }
}

const api = createAPI<[topic: string, batches: readonly ProduceBatch[]], produceV8.ProduceResponse>(
  produceV8.api.key,
  produceV8.api.version,
  write,
  produceV8.parseResponse,
  HAS_TAGS,
  HAS_TAGS,
)

/** The client's own request has one producer for all its partitions. */
function write(topic: string, batches: readonly ProduceBatch[]): Writer {
  return Writer.create()
    .appendString(null, HAS_TAGS)
    .appendInt16(ACKS_ALL)
    .appendInt32(REPLICATION_TIMEOUT_MS)
    .appendInt32(1)
    .appendString(topic, HAS_TAGS)
    .appendArray(
      [...batches],
      (writer, { partition, records }) => {
        writer.appendInt32(partition).appendInt32(records.length).append(records)
      },
      HAS_TAGS,
      HAS_TAGS,
    )
}
