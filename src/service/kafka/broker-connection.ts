import { Connection, fetchV11, ResponseError } from '@platformatic/kafka'
import { asFrameError, guardFrames, type FrameFormat } from '../wire/frames.ts'
import { createBoundedReader } from './bounded-reader.ts'

/**
 * Of one answer, but of records. The largest says who writes to a partition, 40 bytes a producer, or
 * lists a topic's partitions.
 */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024

/** A broker takes 100 MiB in one request if it is not told otherwise, so no batch is larger. */
const RECORDS_BYTES_MAX = 101 * 1024 * 1024

/** Its correlation id. */
const ANSWER_BYTES_MIN = 4

/** The answer of a server that expects TLS to a client that begins without it. */
const TLS_ALERT = 0x15_03

export interface Broker {
  readonly host: string
  readonly port: number
}

/** How long one connection attempt, and one request on it, may take. */
export interface ConnectionTimeouts {
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

/**
 * Opens one connection to one broker. It is never pooled or reused by somebody else, so what is
 * said on it can be counted. Rejects when the broker does not answer in time.
 */
export async function connectToBroker(
  clientId: string,
  broker: Broker,
  timeouts: ConnectionTimeouts,
): Promise<Connection> {
  const connection = new BoundedConnection(clientId, {
    connectTimeout: timeouts.connectTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
  })
  // Without a listener a lost connection would end the process; its requests fail by themselves.
  connection.on('error', () => {})
  await connection.connect(broker.host, broker.port)
  return connection
}

/** Ends the connection at once; requests on it fail. Does not wait for the other side. */
export function dropConnection(connection: Connection): void {
  connection.socket.destroy()
}

/**
 * A connection to a broker that may say anything: what is not an answer of the protocol fails the
 * requests of this connection, and ends it, and nothing else.
 */
class BoundedConnection extends Connection {
  #answerBytesMax = ANSWER_BYTES_MAX
  #fault: Error | undefined

  constructor(...options: ConstructorParameters<typeof Connection>) {
    super(...options)
    // Only from then on the library listens to its socket.
    this.once('connect', () => {
      guardFrames(this.socket, this.#format, (fault) => {
        this.#fault = fault
      })
    })
  }

  override send<Answer>(...request: Parameters<typeof Connection.prototype.send<Answer>>): void {
    const [apiKey, apiVersion, createPayload, parse, hasRequestTags, hasResponseTags, callback] =
      request
    if (apiKey === fetchV11.api.key) this.#answerBytesMax = RECORDS_BYTES_MAX
    super.send<Answer>(
      apiKey,
      apiVersion,
      createPayload,
      (id, key, version, reader) =>
        this.#read(() => parse(id, key, version, createBoundedReader(reader))),
      hasRequestTags,
      hasResponseTags,
      (error, answer) => callback(error === null ? null : (this.#fault ?? error), answer),
    )
  }

  /** An error that the broker answers is an answer; any other says that it is none. */
  #read<Answer>(read: () => Answer): Answer {
    try {
      return read()
    } catch (error) {
      if (error instanceof ResponseError) throw error
      this.#fault ??= asFrameError(error, this.#format)
      this.socket.destroy(this.#fault)
      throw this.#fault
    }
  }

  readonly #format: FrameFormat = {
    name: "the broker's answer",
    lengthAt: 0,
    uncountedBytes: 4,
    lengthMin: ANSWER_BYTES_MIN,
    lengthMax: () => this.#answerBytesMax,
    explain: (length) =>
      length >>> 16 === TLS_ALERT ? 'the broker expects TLS, which is not spoken here' : undefined,
  }
}
