import type { Socket } from 'node:net'
import type { ChangeOutcome } from '../../business/errors.ts'
import type { Clock } from '../../business/ports.ts'
import type { ChangeAdmission } from '../../business/admission/change-admission.ts'
import { readPlainChange, type PlainChange } from './plain-change.ts'
import type { SocketLine } from './socket-line.ts'

/**
 * How long requests of watched sockets are looked at in one turn of the loop. All that has come would
 * otherwise be looked at in one turn, and what the others wait for takes several: changes that were let in
 * would be late however few they are, and a new connection, a probe's among them, would not be let in.
 */
export const LOOKING_MS_MAX = 2

/** A larger piece is none of the requests that are refused here. */
const PIECE_BYTES_MAX = 16 * 1024

export interface QuickRefusalsDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly changes: Pick<ChangeAdmission, 'isFull' | 'outcomeOfRefusal'>
  readonly isHostAllowed: (host: string) => boolean
  readonly isDraining: () => boolean
  /** A whole answer, as it is written to the socket. */
  readonly answerFor: (outcome: ChangeOutcome) => string
  /** So long after it came. */
  readonly noteRefused: (change: PlainChange, tookMs: number) => void
}

interface Piece {
  readonly socket: Socket
  readonly line: SocketLine
  readonly bytes: Buffer
  readonly sinceMs: number
}

/**
 * Refuses changes before they are parsed, on sockets where one was refused already or that came while
 * changes were refused. A client that is refused asks again, and so do thousands of them: a refusal that
 * costs half of what an order does leaves no time for orders.
 */
export class QuickRefusals {
  readonly #deps: QuickRefusalsDeps
  readonly #watched = new WeakSet<Socket>()
  /** In their order; their sockets are not read. */
  readonly #waiting = new Map<Socket, Piece>()
  /** Since when requests are looked at in this turn; undefined: none was. */
  #turnSinceMs: number | undefined

  constructor(deps: QuickRefusalsDeps) {
    this.#deps = deps
  }

  /** From now on what comes on this socket is looked at first. */
  watch(socket: Socket, line: SocketLine): void {
    if (this.#watched.has(socket)) return
    this.#watched.add(socket)
    socket.once('close', () => this.#waiting.delete(socket))
    const { clock } = this.#deps
    line.readBefore((bytes) => {
      this.#take({ socket, line, bytes, sinceMs: clock.monotonicMs() })
    })
  }

  #take(piece: Piece): void {
    const { socket, line, bytes } = piece
    // The rest of a request that was let in, and what is sent ahead, have their own rules.
    if (!line.isAtRest || bytes.length > PIECE_BYTES_MAX) return line.parse(bytes)
    if (this.#waiting.size === 0 && this.#isTimeLeft()) return this.#look(piece)
    const before = this.#waiting.get(socket)
    this.#waiting.set(
      socket,
      before ? { ...before, bytes: Buffer.concat([before.bytes, bytes]) } : piece,
    )
    socket.pause()
  }

  #look({ socket, line, bytes, sinceMs }: Piece): void {
    const { changes, answerFor, noteRefused, clock } = this.#deps
    // Node would end a connection of which its parser has never seen a request.
    const isKnown = line.latest.request !== undefined && socket.writableLength === 0
    const change = isKnown ? this.#findRefused(bytes) : undefined
    if (change === undefined) return line.parse(bytes)
    socket.write(answerFor(changes.outcomeOfRefusal(change.hasRetryKey)))
    noteRefused(change, clock.monotonicMs() - sinceMs)
  }

  #findRefused(bytes: Buffer): PlainChange | undefined {
    const { changes, isHostAllowed, isDraining } = this.#deps
    if (isDraining() || !changes.isFull()) return undefined
    const change = readPlainChange(bytes)
    return change !== undefined && isHostAllowed(change.host) ? change : undefined
  }

  #isTimeLeft(): boolean {
    const nowMs = this.#deps.clock.monotonicMs()
    if (this.#turnSinceMs === undefined) {
      this.#turnSinceMs = nowMs
      setImmediate(() => this.#nextTurn())
    }
    return nowMs - this.#turnSinceMs < LOOKING_MS_MAX
  }

  #nextTurn(): void {
    this.#turnSinceMs = undefined
    for (const [socket, piece] of this.#waiting) {
      if (!this.#isTimeLeft()) break
      this.#waiting.delete(socket)
      this.#look(piece)
      socket.resume()
    }
  }
}
