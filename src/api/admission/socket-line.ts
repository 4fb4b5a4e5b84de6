import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  MESSAGE_BEGINS,
  readBeforeParser,
  type HttpSocket,
  type MaybeLastResponse,
} from './node-http.ts'

/**
 * The requests of one socket, in their order. A client may send the next one before the last one is
 * answered; few of them are at work at once. The one after those is held: it is parsed up to its body,
 * and then Node's parser stops, in the middle of what it has, and the socket is not read. So a socket
 * holds one request and what one read brought, however much its client has sent.
 *
 * Node has no public way to stop its parser there. `parser.onIncoming` may return what llhttp, the
 * parser, stops at; Node then reports an error whose documented `rawPacket` and `bytesParsed` are the rest.
 * Source: Node 26, lib/_http_server.js and src/node_http_parser.cc.
 */

/** At work at once, of one socket. */
export const REQUESTS_PER_SOCKET_MAX = 8

/** Of a callback of llhttp: HPE_PAUSED. */
const STOP_PARSING = 21

/** The code of the error by which Node reports that. */
export const PARSER_STOPPED = 'HPE_PAUSED'

/** Node gives nothing back of what is behind a request for another protocol. Not without memory: that is the end. */
const NOTHING = Buffer.alloc(1).subarray(1)

export type Begin = (request: IncomingMessage, response: ServerResponse) => void

interface HeldRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly begin: Begin
}

/** All sockets together. */
export interface LineLimits {
  /** False when there is no room for so many bytes more; they are counted when there is. */
  reserve(bytes: number): boolean
  free(bytes: number): void
  /** A held request has begun, and its body is not there yet: Node does not bound its time any more. */
  onBodyAwaited(socket: Socket, request: IncomingMessage): void
  /** Calls `releaseHeld` of the line when it is its turn. */
  queueHeld(line: SocketLine): void
  /** There was no room for the rest: everything that was begun is answered. */
  onExhausted(socket: Socket): void
}

export class SocketLine {
  readonly #socket: HttpSocket
  readonly #limits: LineLimits
  readonly #resume: () => Socket
  /** Of the requests at work: those that have begun, until their responses are closed. */
  readonly #responses = new Set<MaybeLastResponse>()
  #held: HeldRequest | undefined
  /** What was read behind the held request, or has still to be parsed. */
  #rest: Buffer | undefined
  /** The parser is stopped and the socket is not read. */
  #isStopped = false
  #isAlone = false
  #beginAlone: (() => void) | undefined
  #isEnding = false
  /** The connection is closed behind a request that has begun. */
  #isLast = false
  #parse: ((bytes: Buffer) => void) | undefined
  #latest: IncomingMessage | undefined
  #latestResponse: ServerResponse | undefined
  #begunCount = 0
  #seenCount = 0
  #takenBytes = 0
  #checksWithoutProgress = 0
  /** Its answer takes as long as it wants, and has a rule of its own. */
  isStreaming = false

  constructor(socket: Socket, limits: LineLimits) {
    this.#socket = socket
    this.#limits = limits
    this.#resume = socket.resume.bind(socket)
    this.#guardReading()
    socket.once('finish', () => this.end())
    socket.once('close', () => {
      this.#abandon()
      // Node itself leaves out those of a socket that it has given up, as after a CONNECT.
      for (const response of this.#responses) response.destroy()
    })
  }

  /**
   * Why nothing is read now: a request waits for its turn, parsed or not, or Node has stopped because answers
   * wait to be taken, or a body to be read. Undefined: the socket is read.
   */
  get whyNotRead(): 'turn' | 'answers' | 'body' | undefined {
    if (this.#isStopped) return 'turn'
    if (this.#socket._paused === true) return 'answers'
    if (!this.#socket.isPaused()) return undefined
    return this.#latest?.complete === false ? 'body' : 'turn'
  }

  /** The last request whose head has come, and how many there were. */
  get latest(): { readonly request: IncomingMessage | undefined; readonly count: number } {
    return { request: this.#latest, count: this.#seenCount }
  }

  /** Everything that was read is answered, and what comes next begins a request. */
  get isAtRest(): boolean {
    return (
      this.#begunCount === this.#seenCount &&
      this.#latest?.complete !== false &&
      this.#responses.size === 0 &&
      !(this.#isStopped || this.#isEnding || this.#isLast)
    )
  }

  /** The latest request has its answer, and its body is still to come. */
  get isAnsweredEarly(): boolean {
    return this.#latest?.complete === false && this.#latestResponse?.writableEnded === true
  }

  /** Nothing behind a request that is answered as the last one begins: its client would not hear of it. */
  endBehind(): void {
    this.#isLast = true
  }

  /** Begins the request, or holds it until it may begin. */
  take(request: IncomingMessage, response: ServerResponse, begin: Begin): void {
    this.#latest = request
    this.#latestResponse = response
    this.#seenCount += 1
    if (this.#mayBegin()) return this.#begin(request, response, begin)
    this.#held = { request, response, begin }
    if (this.#isEnding || this.#isLast) return
    this.#isStopped = true
    this.#socket.pause()
  }

  /** Nothing behind the latest request begins before it has left: to be said before anything is waited for. */
  holdBehind(): void {
    this.#isAlone = true
  }

  /** For that one: runs `begin` when all before it is answered. Not at all when the socket closes first. */
  takeAlone(begin: () => void): void {
    if (this.#responses.size === 1) begin()
    else this.#beginAlone = begin
  }

  /** What was read and is not parsed, because the parser was stopped. */
  keepRest(rest: Buffer): void {
    if (this.#isEnding || this.#isLast) return
    if (this.#limits.reserve(rest.buffer.byteLength)) {
      this.#rest = rest
      return
    }
    this.#held = undefined
    this.#isEnding = true
  }

  /** From now on `take` gets what is read, and hands on to `parse` what is for the parser. */
  readBefore(take: (bytes: Buffer) => void): void {
    this.#parse = readBeforeParser(this.#socket, take)
  }

  parse(bytes: Buffer): void {
    // After a CONNECT its parser may be that of another socket.
    if (this.#socket.parser) this.#parse?.(bytes)
  }

  /**
   * Nothing more is begun or answered: the server has ended its half of the connection. What comes is read,
   * so that the client gets what was written to it, but not parsed.
   */
  end(): void {
    this.#abandon()
    this.#isEnding = true
    this.#isStopped = false
    this.#resume()
  }

  /**
   * How often in a row, the present call included, the client has taken less than `bytesMin` since the
   * count began, though there was something for it to take.
   */
  countStalledChecks(bytesMin: number): number {
    const handle = this.#socket._handle
    const isWaiting =
      this.#responses.size > 0 && !this.isStreaming && (handle?.writeQueueSize ?? 0) > 0
    const taken = isWaiting && handle ? handle.bytesWritten - handle.writeQueueSize : 0
    if (!isWaiting || taken - this.#takenBytes >= bytesMin || this.#checksWithoutProgress === 0) {
      this.#takenBytes = taken
      this.#checksWithoutProgress = isWaiting ? 1 : 0
    } else this.#checksWithoutProgress += 1
    return this.#checksWithoutProgress
  }

  #guardReading(): void {
    const { parser } = this.#socket
    if (!parser) return
    const countBegun = (): void => {
      this.#begunCount += 1
    }
    parser[MESSAGE_BEGINS] = countBegun
    // Node uses its parsers again, also for requests of its own.
    this.#socket.once('close', () => {
      if (parser[MESSAGE_BEGINS] === countBegun) parser[MESSAGE_BEGINS] = undefined
    })
    const onIncoming = parser.onIncoming.bind(parser)
    parser.onIncoming = (request, keepAlive) => {
      const verdict = onIncoming(request, keepAlive)
      return this.#held === undefined ? verdict : STOP_PARSING
    }
    // Node calls it for every body that is read, and when answers were taken.
    this.#socket.resume = () => {
      if (this.#isStopped) this.#goOn()
      else this.#resume()
      return this.#socket
    }
    // A `resume` from before the stop is carried out after it: Node then reads again.
    this.#socket.on('resume', () => {
      if (this.#isStopped) this.#socket.emit('pause')
    })
  }

  #mayBegin(): boolean {
    // One that was answered before its end, such as a body that is too large.
    for (const response of this.#responses) this.#isLast ||= response._last === true
    if (this.#isAlone || this.#isEnding || this.#isLast) return false
    return this.#responses.size < REQUESTS_PER_SOCKET_MAX
  }

  #begin(request: IncomingMessage, response: ServerResponse, begin: Begin): void {
    this.#responses.add(response)
    response.on('close', () => setImmediate(() => this.#leave(response)))
    begin(request, response)
  }

  /**
   * In the next turn of the loop. What is answered at once, such as a refusal, is answered while Node still
   * parses what was read: it would make room for the next one, and that again, and nobody else would get a
   * turn until everything is answered that all sockets have sent.
   */
  #leave(response: MaybeLastResponse): void {
    this.#isLast ||= response._last === true
    this.#responses.delete(response)
    if (this.#socket.destroyed) return
    if (this.#responses.size === 0) {
      this.#isAlone = false
      this.isStreaming = false
      if (this.#isEnding) return this.#limits.onExhausted(this.#socket)
    }
    if (this.#responses.size === 1 && this.#beginAlone !== undefined) {
      const begin = this.#beginAlone
      this.#beginAlone = undefined
      begin()
    }
    if (this.#held !== undefined) this.#limits.queueHeld(this)
  }

  /** Begins the held request, if there is one and room for it. */
  releaseHeld(): void {
    if (this.#held !== undefined && this.#mayBegin()) this.#release(this.#held)
  }

  #release({ request, response, begin }: HeldRequest): void {
    this.#held = undefined
    this.#begin(request, response, begin)
    this.#goOn()
  }

  /** Parses the rest, which may be held up again, and then reads. */
  #goOn(): void {
    const socket = this.#socket
    // Once the answers are taken, Node calls `resume`, which leads here.
    if (this.#held !== undefined || this.#isEnding || socket._paused === true) return
    const rest = this.#rest
    const stoppedAt = this.#latest
    this.#rest = undefined
    this.#isStopped = false
    if (rest !== undefined) this.#limits.free(rest.buffer.byteLength)
    socket.parser?.resume()
    // As Node's own listener takes it, which is the only one. Where nothing is left, too: the parser
    // stopped before the end of a request.
    socket.emit('data', rest ?? NOTHING)
    if (stoppedAt?.complete === false) this.#limits.onBodyAwaited(socket, stoppedAt)
    if (!this.#isStopped) this.#resume()
  }

  #abandon(): void {
    if (this.#rest !== undefined) this.#limits.free(this.#rest.buffer.byteLength)
    this.#rest = undefined
    this.#held = undefined
    this.#beginAlone = undefined
  }
}
