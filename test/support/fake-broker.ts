import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { USED_REQUESTS } from '../../src/service/kafka/used-requests.ts'
import type { Broker } from '../../src/service/kafka/broker-connection.ts'
import { BROKER_ANSWERS, type AnsweredRequest } from './broker-answers.ts'
import { apiKeyOf, requestId } from './produce-frame.ts'

export interface FakeBroker extends Broker {
  /** The bytes that go out instead of a frame, which is whole and right; none at all end what is said. */
  harm: (frame: Buffer, request: AnsweredRequest, asked: Buffer) => readonly Buffer[]
  close(): Promise<void>
}

/** Answers each request of ours with what a real broker once said, or with what is made of that. */
export async function startFakeBroker(): Promise<FakeBroker> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (request: Buffer) => {
      const name = nameOf(request)
      for (const bytes of broker.harm(frameOf(name, requestId(request)), name, request)) {
        if (bytes.length === 0) socket.end()
        else socket.write(bytes)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const broker: FakeBroker = {
    host: '127.0.0.1',
    port: address.port,
    harm: (frame) => [frame],
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return broker
}

function nameOf(request: Buffer): AnsweredRequest {
  const found = Object.entries(USED_REQUESTS).find(([, { key }]) => key === apiKeyOf(request))
  if (found === undefined) throw new Error(`unexpected request ${apiKeyOf(request)}`)
  return found[0] as AnsweredRequest
}

export function frameOf(name: AnsweredRequest, correlationId: number): Buffer {
  const body = Buffer.from(BROKER_ANSWERS[name], 'base64')
  const frame = Buffer.alloc(8 + body.length)
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt32BE(correlationId, 4)
  body.copy(frame, 8)
  return frame
}

/** The parts as one frame of the length that they have. */
export function withOwnLength(parts: readonly Buffer[]): Buffer[] {
  const frame = Buffer.concat(parts)
  if (frame.length >= 4) frame.writeInt32BE(frame.length - 4, 0)
  return [frame, Buffer.alloc(0)]
}
