import type { Socket } from 'node:net'
import type { ChangeOutcome } from '../../business/errors.ts'
import type { Clock } from '../../business/ports.ts'
import type { ChangeAdmission } from '../../business/admission/change-admission.ts'
import { readPlainChange, type PlainChange } from './plain-change.ts'
import type { SocketLine } from './socket-line.ts'

/**
 * So many requests are looked at in one turn of the loop while changes are refused, or for a quarter of the
 * time that all else in the turn took, where that is longer. If all that has come were looked at in one turn,
 * changes that were let in, whose steps take several, would be late however few they are, and a new
 * connection, a probe's among them, would not be let in. If a turn that is long anyway looked at few, a crowd
 * would wait for longer than its clients do.
 */
export const LOOKED_AT_MIN = 128
export const OTHERS_TO_LOOKING = 4

/** A larger piece is none of the requests that are refused here. */
const PIECE_BYTES_MAX = 16 * 1024

/** Of POST and PUT. */
const FIRST_LETTER = 'P'.charCodeAt(0)

export interface QuickRefusalsDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly changes: Pick<ChangeAdmission, 'isFull' | 'outcomeOfRefusal'>
  readonly isHostAllowed: (host: string) => boolean
  readonly isDraining: () => boolean
  /** How long a connection may be open without a request. */
  readonly keepAliveMs: number
  /** A whole answer, as it is written to the socket. */
  readonly answerFor: (outcome: ChangeOutcome) => string
  /** So long after it came. */
  readonly noteRefused: (change: PlainChange, tookMs: number) => void
}

interface Client {
  readonly socket: Socket
  readonly line: SocketLine
  /** Its last request was refused here, so Node does not bound how long it is idle. */
  hasIdleTimeout: boolean
}

interface Piece {
  readonly bytes: Buffer
  readonly sinceMs: number
}

/**
 * Refuses changes before they are parsed. A client that is refused asks again, and so do thousands of them,
 * all at once at first: a refusal that costs half of what an order does leaves no time for orders.
 */
export class QuickRefusals {
  readonly #deps: QuickRefusalsDeps
  /** As long as nothing is refused Node's parser reads by itself: that costs an order a tenth less. */
  readonly #unwatched = new Map<Socket, SocketLine>()
  /** In their order; their sockets are not read. */
  readonly #waiting = new Map<Client, Piece>()
  /** How many may still be looked at in this turn; undefined: none was. */
  #leftInTurn: number | undefined
  /** Since when this turn has done other things. */
  #othersSinceMs = 0

  constructor(deps: QuickRefusalsDeps) {
    this.#deps = deps
  }

  /** From the next refusal on what comes on this socket is looked at first. */
  add(socket: Socket, line: SocketLine): void {
    if (this.#deps.changes.isFull()) return this.#watch(socket, line)
    this.#unwatched.set(socket, line)
    socket.once('close', () => this.#unwatched.delete(socket))
  }

  /** One that was parsed: the next ones are not. */
  noteParsedRefusal(): void {
    for (const [socket, line] of this.#unwatched) this.#watch(socket, line)
    this.#unwatched.clear()
  }

  #watch(socket: Socket, line: SocketLine): void {
    const client = { socket, line, hasIdleTimeout: false }
    socket.once('close', () => this.#waiting.delete(client))
    line.readBefore((bytes) => this.#take(client, bytes))
  }

  #take(client: Client, bytes: Buffer): void {
    const before = this.#waiting.get(client)
    if (before !== undefined) {
      const joined = Buffer.concat([before.bytes, bytes])
      return void this.#waiting.set(client, { ...before, bytes: joined })
    }
    if (!this.#mayBeRefused(client, bytes)) return parse(client, bytes)
    const piece = { bytes, sinceMs: this.#deps.clock.monotonicMs() }
    if (this.#waiting.size === 0 && this.#mayLook()) return void this.#look(client, piece, 0)
    this.#waiting.set(client, piece)
    client.socket.pause()
  }

  /**
   * The rest of a request that was let in, and what is sent ahead, have their own rules. What is no change,
   * such as a probe, does not wait behind changes. While some wait, those that come wait behind them.
   */
  #mayBeRefused({ line }: Client, bytes: Buffer): boolean {
    if (bytes[0] !== FIRST_LETTER || bytes.length > PIECE_BYTES_MAX || !line.isAtRest) return false
    return this.#waiting.size > 0 || this.#deps.changes.isFull()
  }

  /** Whether it went to the parser. */
  #look(client: Client, { bytes, sinceMs }: Piece, aheadCount: number): boolean {
    const { changes, answerFor, noteRefused, clock, keepAliveMs } = this.#deps
    const { socket } = client
    // It was destroyed in this turn, or its answers are over: it would count as refused, and hear nothing.
    if (!socket.writable) return false
    // A client that does not take its answers gets no more of them from here.
    const change = socket.writableLength === 0 ? this.#findRefused(bytes, aheadCount) : undefined
    if (change === undefined) {
      parse(client, bytes)
      return true
    }
    socket.write(answerFor(changes.outcomeOfRefusal(change.hasRetryKey)))
    if (!client.hasIdleTimeout) {
      client.hasIdleTimeout = true
      socket.setTimeout(keepAliveMs)
    }
    noteRefused(change, clock.monotonicMs() - sinceMs)
    return false
  }

  #findRefused(bytes: Buffer, aheadCount: number): PlainChange | undefined {
    const { changes, isHostAllowed, isDraining } = this.#deps
    if (isDraining() || !changes.isFull(aheadCount)) return undefined
    const change = readPlainChange(bytes)
    return change !== undefined && isHostAllowed(change.host) ? change : undefined
  }

  /** Counts the one that is looked at. */
  #mayLook(): boolean {
    if (this.#leftInTurn === undefined) {
      this.#leftInTurn = LOOKED_AT_MIN
      this.#othersSinceMs = this.#deps.clock.monotonicMs()
      setImmediate(() => this.#nextTurn())
    }
    if (this.#leftInTurn === 0) return false
    this.#leftInTurn -= 1
    return true
  }

  #nextTurn(): void {
    const { clock } = this.#deps
    const fromMs = clock.monotonicMs()
    const mostMs = (fromMs - this.#othersSinceMs) / OTHERS_TO_LOOKING
    this.#leftInTurn = undefined
    // Those that are let in are counted after this callback, in a tick of Node's.
    let aheadCount = 0
    for (const [client, piece] of this.#waiting) {
      if (!this.#mayLook() && clock.monotonicMs() - fromMs >= mostMs) break
      this.#waiting.delete(client)
      if (this.#look(client, piece, aheadCount)) aheadCount += 1
      client.socket.resume()
    }
    this.#othersSinceMs = clock.monotonicMs()
  }
}

/** Node bounds the time of a request that it parses, and not that of line breaks in front of none. */
function parse(client: Client, bytes: Buffer): void {
  client.line.parse(bytes)
  if (!client.hasIdleTimeout || client.line.isAtRest) return
  client.hasIdleTimeout = false
  client.socket.setTimeout(0)
}
