import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * A connection that is destroyed while its caller still sends is reset, and the caller's system throws
 * the answer away unread: a body of 5 MB is never told that it is too large. So the server ends its
 * half with the answer, reads on, and destroys the connection when the caller has ended, too.
 */

/** By which a server says that a connection is there: the second one over TLS. */
export type ConnectionEvent = 'connection' | 'secureConnection'

/** How long a caller is listened to that has got its answer. */
interface Patience {
  /** One that sends nothing for so long has read the answer, or never will. */
  readonly silenceMs: number
  readonly lingerMs: number
}

/** Of a connection on which nothing more is asked. */
const BRIEF: Patience = { silenceMs: 500, lingerMs: 10_000 }

/** Of one whose caller is in the middle of a body: a slow line takes long for 5 MB, and may falter. */
const IN_A_BODY: Patience = { silenceMs: 1_000, lingerMs: 30_000 }

/** Nobody is listened to for more. */
const LINGER_BYTES_MAX = 64 * 1024 * 1024

const lingering = new WeakSet<Socket>()

/** Ends the connection after what was written to it; the caller has time to read it. */
export function closeInOrder(socket: Socket, { silenceMs, lingerMs } = BRIEF): void {
  if (lingering.has(socket) || socket.destroyed) return
  lingering.add(socket)
  socket.end()
  const bytesBefore = socket.bytesRead
  let bytesSeen = bytesBefore
  let leftMs = lingerMs
  const watch = setInterval(() => {
    leftMs -= silenceMs
    const isSilent = socket.bytesRead === bytesSeen
    bytesSeen = socket.bytesRead
    if (isSilent || leftMs <= 0 || bytesSeen - bytesBefore > LINGER_BYTES_MAX) socket.destroy()
  }, silenceMs)
  socket.once('close', () => clearInterval(watch))
}

/**
 * From now on a connection that closes after an answer closes in order while the request of that
 * answer is still coming in. Node closes it by `destroySoon`.
 */
export function closeConnectionsInOrder(server: Server, connectionEvent: ConnectionEvent): void {
  const latestRequests = new WeakMap<Socket, IncomingMessage>()
  for (const event of ['request', 'checkContinue', 'checkExpectation']) {
    server.prependListener(event, (request: IncomingMessage) => {
      latestRequests.set(request.socket, request)
    })
  }
  server.on(connectionEvent, (socket: Socket) => {
    const destroySoon = socket.destroySoon.bind(socket)
    socket.destroySoon = () => {
      const request = latestRequests.get(socket)
      if (request === undefined || request.complete) return destroySoon()
      request.resume()
      return closeInOrder(socket, IN_A_BODY)
    }
  })
}
