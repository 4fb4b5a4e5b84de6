import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../business/ports.ts'
import type { LoopDelay } from './loop-delay.ts'
import type { SocketLine } from './socket-line.ts'

/** In one turn of the loop: to end thousands of silent connections at once would hold up the others. */
const TURN_REQUESTS_MAX = 64

export interface LateRequestsDeps {
  readonly lineOf: (socket: Socket) => SocketLine | undefined
  readonly loopDelay: LoopDelay
  readonly clock: Clock
  /** Upper bound for receiving a request. */
  readonly requestTimeoutMs: number
  /** Tells the client that its request is late, and ends the connection. */
  readonly onLate: (socket: Socket) => void
  /** Nothing was asked: nothing is answered. */
  readonly onUnused: (socket: Socket) => void
}

/**
 * Judges the requests of which Node says that they did not arrive in time. Node looks at the clock before
 * it reads what has come, so a loop that was held up would blame clients that were in time. Therefore what
 * the system has is read first, and the time for which the loop was held up is given back.
 */
export class LateRequests {
  readonly #deps: LateRequestsDeps
  readonly #due: Array<() => void> = []

  constructor(deps: LateRequestsDeps) {
    this.#deps = deps
  }

  /** Node has given the request of this socket up, and does not look at it again. */
  judge(socket: Socket): void {
    const line = this.#deps.lineOf(socket)
    if (hasOtherBound(socket, line)) return
    if (line?.whyNotRead !== undefined) {
      return this.#later(socket, this.#deps.requestTimeoutMs, () => this.judge(socket))
    }
    const { request, count } = line?.latest ?? { request: undefined, count: 0 }
    const isBodyMissing = request?.complete === false
    // What is refused before it is parsed is not counted, and what begins behind it is bounded by Node.
    const writtenBefore = line?.isAtRest === true ? socket.bytesWritten : undefined
    const wasRefused = (): boolean =>
      writtenBefore !== undefined && socket.bytesWritten > writtenBefore
    const isLate = (): boolean => {
      if (isBodyMissing) return !request.complete
      const next = line?.latest
      if (next === undefined || next.count === count) return true
      if (next.request?.complete === false) this.awaitBody(socket, next.request)
      return false
    }
    const settle = (): void => {
      if (socket.destroyed || hasOtherBound(socket, line) || wasRefused() || !isLate()) return
      if (socket.bytesRead === 0) this.#deps.onUnused(socket)
      else this.#deps.onLate(socket)
    }
    this.#afterReading(() => {
      const { loopDelay, clock } = this.#deps
      const delayMs = loopDelay.recentMs(clock.monotonicMs())
      if (delayMs === 0) settle()
      else this.#later(socket, delayMs, settle)
    })
  }

  /** The rest of this request has as much time as a whole one. */
  awaitBody(socket: Socket, request: IncomingMessage): void {
    this.#later(socket, this.#deps.requestTimeoutMs, () => {
      if (request.complete || socket.destroyed) return
      if (this.#deps.lineOf(socket)?.whyNotRead === undefined) this.#deps.onLate(socket)
      else this.awaitBody(socket, request)
    })
  }

  #later(socket: Socket, delayMs: number, task: () => void): void {
    const forget = (): void => {
      cancel()
    }
    const cancel = this.#deps.clock.schedule(delayMs, () => {
      socket.off('close', forget)
      this.#afterReading(task)
    })
    socket.once('close', forget)
  }

  /** When the loop has read once. */
  #afterReading(task: () => void): void {
    if (this.#due.push(task) === 1) setImmediate(() => this.#doSome())
  }

  #doSome(): void {
    const tasks = this.#due.splice(0, TURN_REQUESTS_MAX)
    // Before them: what they add is for a later turn, and begins one where nothing is left.
    if (this.#due.length > 0) setImmediate(() => this.#doSome())
    for (const task of tasks) task()
  }
}

function hasOtherBound(socket: Socket, line: SocketLine | undefined): boolean {
  // Its time begins when it is read on.
  if (line?.whyNotRead === 'turn') return true
  // Its requests were refused before they were parsed: it is idle, and has a bound for that.
  return line?.isAtRest === true && (socket.timeout ?? 0) > 0
}
