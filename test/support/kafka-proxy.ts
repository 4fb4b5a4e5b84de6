import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * Stands between the service and a broker and understands just enough of the protocol to harm
 * Produce requests, and no others. The broker must advertise the proxy's port.
 *
 * A frame is its length (int32), then for a request api key (int16), version (int16), correlation id
 * (int32), client id (nullable string); for a response the correlation id. Produce is key 0; the
 * layouts below are those of version 8, the one that the lanes speak.
 */

const PRODUCE = 0
const PRODUCE_VERSION = 8

/** What happens to one Produce request, or to its answer. */
export type ProduceFate =
  | { readonly kind: 'pass' }
  /** The broker never sees it; the client gets this error. */
  | { readonly kind: 'answer-unsent'; readonly errorCode: number; readonly delayMs?: number }
  /** The broker takes it; its answer is replaced by this error. */
  | { readonly kind: 'answer-sent'; readonly errorCode: number }
  /** The broker takes it; its answer gets another offset. */
  | { readonly kind: 'shift-offset'; readonly by: bigint }
  /** The broker takes it; the connection is cut instead of the answer. */
  | { readonly kind: 'cut-answer' }
  /** The broker takes it; its answer never comes. */
  | { readonly kind: 'swallow-answer' }
  /** Half of the request goes out, then the connection is cut. */
  | { readonly kind: 'cut-request' }

export interface KafkaProxy {
  readonly port: number
  /** Fates of the next Produce requests, in turn; after them all pass. */
  readonly fates: ProduceFate[]
  /** How many Produce requests the client has sent. */
  readonly produceCount: () => number
  close(): Promise<void>
}

export async function startKafkaProxy(port: number, brokerPort: number): Promise<KafkaProxy> {
  const fates: ProduceFate[] = []
  const sockets = new Set<Socket>()
  let produced = 0

  const nextFate = (): ProduceFate => {
    produced += 1
    return fates.shift() ?? { kind: 'pass' }
  }

  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1')
    const answerFates = new Map<number, ProduceFate>()
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        broker.destroy()
      })
    }
    onFrames(client, (frame) => {
      if (frame.readInt16BE(4) !== PRODUCE) return void broker.write(frame)
      const fate = nextFate()
      if (fate.kind === 'answer-unsent') {
        const answer = errorAnswer(frame, fate.errorCode)
        return void setTimeout(() => client.write(answer), fate.delayMs ?? 0)
      }
      if (fate.kind === 'cut-request') {
        broker.write(frame.subarray(0, frame.length / 2), () => client.destroy())
        return undefined
      }
      answerFates.set(frame.readInt32BE(8), fate)
      return void broker.write(frame)
    })
    onFrames(broker, (frame) => {
      const fate = answerFates.get(frame.readInt32BE(4))
      answerFates.delete(frame.readInt32BE(4))
      if (fate?.kind === 'cut-answer') client.destroy()
      else if (fate?.kind !== 'swallow-answer') client.write(harmed(frame, fate))
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    fates,
    produceCount: () => produced,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function onFrames(socket: Socket, handle: (frame: Buffer) => void): void {
  let buffered = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
      const length = 4 + buffered.readInt32BE(0)
      handle(buffered.subarray(0, length))
      buffered = buffered.subarray(length)
    }
  })
}

/** Error code and base offset of the one partition in a Produce response. */
function harmed(frame: Buffer, fate: ProduceFate | undefined): Buffer {
  if (fate?.kind !== 'answer-sent' && fate?.kind !== 'shift-offset') return frame
  const changed = Buffer.from(frame)
  const topicLength = changed.readInt16BE(12)
  const errorAt = 14 + topicLength + 4 + 4
  if (fate.kind === 'answer-sent') changed.writeInt16BE(fate.errorCode, errorAt)
  else changed.writeBigInt64BE(changed.readBigInt64BE(errorAt + 2) + fate.by, errorAt + 2)
  return changed
}

/** The response of a broker that did not take the request. */
function errorAnswer(request: Buffer, errorCode: number): Buffer {
  if (request.readInt16BE(6) !== PRODUCE_VERSION) throw new Error('unexpected Produce version')
  let at = 12 + 2 + Math.max(0, request.readInt16BE(12))
  at += 2 + Math.max(0, request.readInt16BE(at))
  at += 2 + 4 + 4
  const topic = request.subarray(at, at + 2 + request.readInt16BE(at))
  const partition = request.readInt32BE(at + topic.length + 4)
  const answer = Buffer.alloc(4 + 4 + 4 + topic.length + 4 + 4 + 2 + 8 + 8 + 8 + 4 + 2 + 4)
  answer.writeInt32BE(answer.length - 4, 0)
  request.copy(answer, 4, 8, 12)
  answer.writeInt32BE(1, 8)
  topic.copy(answer, 12)
  const body = 12 + topic.length
  answer.writeInt32BE(1, body)
  answer.writeInt32BE(partition, body + 4)
  answer.writeInt16BE(errorCode, body + 8)
  answer.writeBigInt64BE(-1n, body + 10)
  answer.writeBigInt64BE(-1n, body + 18)
  answer.writeBigInt64BE(-1n, body + 26)
  answer.writeInt32BE(0, body + 34)
  answer.writeInt16BE(-1, body + 38)
  return answer
}
