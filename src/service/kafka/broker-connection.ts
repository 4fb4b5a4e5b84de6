import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Connection, fetchV11, metadataV10, NetworkError, ResponseError } from '@platformatic/kafka'
import { asFrameError, guardFrames, type FrameFormat } from '../wire/frames.ts'
import { createBoundedReader } from './bounded-reader.ts'
import type { BrokerAccess } from './broker-access.ts'
import { RenewedConnection, type OpenedConnection } from './renewed-connection.ts'

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

/** ApiVersions, SaslHandshake and SaslAuthenticate. */
const OPEN_TO_ALL: ReadonlySet<number> = new Set([18, 17, 36])

const CLOSED_AT_ONCE =
  'the broker closed the connection before its first answer: is KAFKA_SECURITY_PROTOCOL the one of this listener, and is there what it demands?'

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
 * Opens one connection to one broker, as `access` says. It is never pooled or reused by somebody else, so
 * what is said on it can be counted. Rejects when the broker does not answer in time, or refuses us.
 */
export async function connectToBroker(
  clientId: string,
  broker: Broker,
  timeouts: ConnectionTimeouts,
  access: BrokerAccess,
): Promise<Connection> {
  const open = (): Promise<OpenedConnection> => openConnection(clientId, broker, timeouts, access)
  if (access.isPlain) return (await open()).connection
  const openWithin = (): Promise<OpenedConnection> =>
    access.gate.enter(`${broker.host}:${broker.port}`, access.revision(), open)
  return new RenewedConnection(await openWithin(), openWithin, () => access.revision())
}

async function openConnection(
  clientId: string,
  { host, port }: Broker,
  timeouts: ConnectionTimeouts,
  access: BrokerAccess,
): Promise<OpenedConnection> {
  const attempt = await access.prepare(host, timeouts.connectTimeoutMs)
  const connection = new BoundedConnection(clientId, {
    connectTimeout: attempt.connectTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
    ...attempt.options,
  })
  // Without a listener a lost connection would end the process; its requests fail by themselves.
  connection.on('error', () => {})
  const openedAtMs = performance.now()
  try {
    const connected = connection.connect(host, port)
    connection.guard()
    await connected
    // A broker that misses our certificate, or SASL, lets us in and closes at the first question.
    if (!access.isPlain) await metadataV10.api.async(connection, [], false)
  } catch (error) {
    dropConnection(connection)
    throw attempt.explain(connection.fault ?? error)
  }
  const { lifetimeMs = Infinity } = attempt.signIn
  return { connection, revision: attempt.revision, openedAtMs, lifetimeMs }
}

/** Ends the connection at once; requests on it fail. Does not wait for the other side. */
export function dropConnection(connection: Connection): void {
  // There is none where the very first step threw.
  const socket: Socket | undefined = connection.socket
  socket?.destroy()
}

/**
 * A connection to a broker that may say anything: what is not an answer of the protocol fails the
 * requests of this connection, and ends it, and nothing else.
 */
class BoundedConnection extends Connection {
  #answerBytesMax = ANSWER_BYTES_MAX
  #fault: Error | undefined
  /** To a question that a broker answers only to those whom it has let in. */
  #hasAnswered = false

  /** What ended it, where the broker, the network or TLS is to blame. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** As soon as the library listens to its socket: before the first byte, also while it signs in. */
  guard(): void {
    const { socket } = this
    socket.once('error', (error) => {
      this.#fault ??= error
    })
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      guardFrames(socket, this.#format, (fault) => {
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
      (error, answer) => {
        if (error === null) this.#hasAnswered ||= !OPEN_TO_ALL.has(apiKey)
        callback(error === null ? null : this.#explain(error), answer)
      },
    )
  }

  #explain(error: Error): Error {
    if (this.#fault !== undefined) return this.#fault
    const isClosed = error instanceof NetworkError && error.message === 'Connection closed'
    return isClosed && !this.#hasAnswered ? new Error(CLOSED_AT_ONCE, { cause: error }) : error
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
      length >>> 16 === TLS_ALERT
        ? 'the broker expects TLS: set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL'
        : undefined,
  }
}
