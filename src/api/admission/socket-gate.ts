import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionEvent } from '../close-in-order.ts'
import { PARSER_STOPPED, SocketLine, type Begin, type LineLimits } from './socket-line.ts'

/** A client that takes less than this in so many checks, of a second each, does not take its answer. */
const TAKEN_BYTES_MIN = 16 * 1024
export const STALLED_CHECKS_MAX = 11

/**
 * Sockets that begin what they have sent ahead, in one turn of the loop. Node lets one connection in a
 * turn: a turn in which every socket gets on would keep new ones waiting for seconds, a probe's among them.
 */
const RELEASED_PER_TURN_MAX = 4

/** Connections that are told at once that they are too many. More are closed without a word. */
export const REFUSED_AT_ONCE_MAX = 64

export interface SocketGateDeps {
  /** How many connections may be open. */
  readonly connectionsMax: number
  /** What all sockets together may have read and not parsed. */
  readonly restBytesMax: number
  readonly onLetIn: (socket: Socket, line: SocketLine) => void
  /** Tells a connection beyond that, and closes it. */
  readonly refuse: (socket: Socket) => void
  readonly closeInOrder: (socket: Socket) => void
  /** The body of a held request does not come by itself: nothing else bounds its time. */
  readonly onBodyAwaited: LineLimits['onBodyAwaited']
}

/** In front of every request: what one socket, and all of them, may have at work and waiting. */
export class SocketGate {
  readonly #deps: SocketGateDeps
  readonly #lines = new Map<Socket, SocketLine>()
  #letInCount = 0
  /** Over TLS: with those that have not shown who they are yet. */
  #openCount = 0
  #restBytes = 0
  /** Their held requests have room to begin. In their order. */
  readonly #ready = new Set<SocketLine>()

  constructor(deps: SocketGateDeps) {
    this.#deps = deps
  }

  lineOf(socket: Socket): SocketLine | undefined {
    return this.#lines.get(socket)
  }

  /** From now on each connection of the server has its line, or is refused. */
  watch(server: Server, event: ConnectionEvent): void {
    server.on(event, (socket: Socket) => {
      const isLetIn = this.#letInCount < this.#deps.connectionsMax
      const line = new SocketLine(socket, this.#limits)
      this.#lines.set(socket, line)
      if (isLetIn) this.#letInCount += 1
      socket.once('close', () => {
        this.#lines.delete(socket)
        if (isLetIn) this.#letInCount -= 1
      })
      if (isLetIn) this.#deps.onLetIn(socket, line)
      else this.#refuse(socket, line)
    })
  }

  /**
   * Over TLS a connection has its line when both sides have shown who they are, for which its client has
   * time. Until then nothing can be said to it, so what is too much is closed without a word.
   */
  boundHandshakes(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const isTooMuch = this.#openCount >= this.#deps.connectionsMax + REFUSED_AT_ONCE_MAX
      this.#openCount += 1
      socket.once('close', () => {
        this.#openCount -= 1
      })
      if (isTooMuch) socket.destroy()
    })
  }

  #refuse(socket: Socket, line: SocketLine): void {
    if (this.#lines.size - this.#letInCount > REFUSED_AT_ONCE_MAX) {
      socket.destroy()
      return
    }
    line.end()
    this.#deps.refuse(socket)
  }

  guard(begin: Begin): RequestListener {
    return (request, response) => {
      this.#lines.get(request.socket)?.take(request, response, begin)
    }
  }

  /** Takes the error by which Node reports that a line has stopped its parser; false for any other. */
  takeRest(error: Error & ParserError, socket: Socket): boolean {
    if (error.code !== PARSER_STOPPED) return false
    const { rawPacket, bytesParsed = 0 } = error
    if (rawPacket) this.#lines.get(socket)?.keepRest(rawPacket.subarray(bytesParsed))
    return true
  }

  /** To be called each second: ends the connections whose clients do not take their answers. */
  endStalled(): void {
    for (const [socket, line] of this.#lines) {
      if (line.countStalledChecks(TAKEN_BYTES_MIN) >= STALLED_CHECKS_MAX) socket.destroy()
    }
  }

  readonly #releaseSome = (): void => {
    let left = RELEASED_PER_TURN_MAX
    for (const line of this.#ready) {
      if (left === 0) break
      left -= 1
      this.#ready.delete(line)
      line.releaseHeld()
    }
    if (this.#ready.size > 0) setImmediate(this.#releaseSome)
  }

  readonly #limits: LineLimits = {
    reserve: (bytes) => {
      if (this.#restBytes + bytes > this.#deps.restBytesMax) return false
      this.#restBytes += bytes
      return true
    },
    free: (bytes) => {
      this.#restBytes -= bytes
    },
    onBodyAwaited: (socket: Socket, request: IncomingMessage) =>
      this.#deps.onBodyAwaited(socket, request),
    queueHeld: (line) => {
      if (this.#ready.size === 0) setImmediate(this.#releaseSome)
      this.#ready.add(line)
    },
    onExhausted: (socket) => this.#deps.closeInOrder(socket),
  }
}

/** What Node's parser adds to its errors. */
interface ParserError {
  readonly code?: string
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}
