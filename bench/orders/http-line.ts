import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * One connection that stays open, with one request at a time on it. A client library costs several
 * times as much, and the load shares its cores with what it measures. Only answers with a
 * `content-length` are understood, which is what the service sends.
 */

const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = /\r\ncontent-length: (\d+)/i
/** Of `HTTP/1.1 201 Created`. */
const STATUS_AT = 9
const STATUS_END = 12

type OnAnswer = (status: number) => void

export class HttpLine {
  readonly #socket: Socket
  #onAnswer: OnAnswer | undefined
  #held: Buffer | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => {
      throw error
    })
    socket.on('end', () => {
      if (this.#onAnswer !== undefined) throw new Error('the server closed a connection in use')
    })
  }

  static async open(host: string, port: number): Promise<HttpLine> {
    const socket = connect(port, host)
    await once(socket, 'connect')
    return new HttpLine(socket)
  }

  /** The next one only after its answer. */
  send(request: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer
    this.#socket.write(request, 'latin1')
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    const headEnd = bytes.indexOf(HEAD_END)
    const head = headEnd === -1 ? undefined : bytes.toString('latin1', 0, headEnd)
    if (head === undefined || bytes.length < headEnd + HEAD_END.length + bodyLength(head)) {
      this.#held = bytes
      return
    }
    this.#held = undefined
    const onAnswer = this.#onAnswer
    this.#onAnswer = undefined
    onAnswer?.(Number(head.slice(STATUS_AT, STATUS_END)))
  }
}

function bodyLength(head: string): number {
  const length = LENGTH.exec(head)?.[1]
  if (length === undefined) throw new Error(`an answer has no content-length: ${head}`)
  return Number(length)
}
