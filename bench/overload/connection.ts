import { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'
import { ResponseParser, type Answer } from './response-parser.ts'

/** One socket to the service, with one request open at a time. */

export interface ConnectionListener {
  onOpen(): void
  onAnswer(answer: Answer): void
  /** Once; nothing comes after it. Not called when it was cut from here. */
  onLost(reason: string): void
}

/** Of all connections: each read is taken before the next one is made. */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024)

export class Connection {
  readonly #parser = new ResponseParser()
  readonly #listener: ConnectionListener
  readonly #socket: Socket
  #isOver = false

  constructor(port: number, listener: ConnectionListener) {
    this.#listener = listener
    const take = (count: number): boolean => this.#take(count)
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: take },
    })
    this.#socket
      .once('connect', () => listener.onOpen())
      .on('error', (error: NodeJS.ErrnoException) => this.#lose(error.code ?? error.message))
      .on('end', () => this.#lose('ended by the service'))
      .on('close', () => this.#lose('closed'))
  }

  /** `bytes` may change once the answer is there. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /**
   * By a reset: a clean end would keep the port of the client for a minute, and there are fewer
   * ports than connections that a run gives up.
   */
  cut(): void {
    this.#isOver = true
    this.#socket.resetAndDestroy()
  }

  #take(count: number): boolean {
    if (this.#isOver) return true
    try {
      const answer = this.#parser.take(READ_BUFFER.subarray(0, count))
      if (answer !== undefined) this.#listener.onAnswer(answer)
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error))
    }
    return true
  }

  #lose(reason: string): void {
    if (this.#isOver) return
    this.cut()
    this.#listener.onLost(reason)
  }
}
