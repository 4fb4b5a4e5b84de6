import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Longer than the service's own bounds for a request; what is silent until then is a finding. */
const ANSWER_TIMEOUT_MS = 20_000

const HEAD_END = '\r\n\r\n'

export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Puts chunks together to answers of known length: the service sends no others but to the stream. */
export class AnswerReader {
  #chunks: Buffer[] = []
  #heldBytes = 0
  #neededBytes = 1

  /** What came and is no whole answer. */
  get rest(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  *push(chunk: Buffer): Generator<RawAnswer> {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#neededBytes) return
    let bytes = this.#hold(Buffer.concat(this.#chunks))
    for (;;) {
      const bodyAt = bytes.indexOf(HEAD_END) + HEAD_END.length
      if (bodyAt < HEAD_END.length) return
      const { status, headers } = readHead(bytes.toString('latin1', 0, bodyAt - HEAD_END.length))
      const end = bodyAt + Number(headers.get('content-length') ?? 0)
      this.#neededBytes = end
      if (Number.isNaN(status) || end > bytes.length) return
      this.#neededBytes = 1
      const body = bytes.toString('utf8', bodyAt, end)
      bytes = this.#hold(bytes.subarray(end))
      yield { status, headers, body }
    }
  }

  #hold(bytes: Buffer): Buffer {
    this.#chunks = [bytes]
    this.#heldBytes = bytes.length
    return bytes
  }
}

function readHead(head: string): Pick<RawAnswer, 'status' | 'headers'> {
  const [first = '', ...lines] = head.split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /u.exec(first)?.[1])
  return { status, headers: new Map(lines.map(splitHeader)) }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

export interface Exchange {
  readonly answers: readonly RawAnswer[]
  /** What came and is no answer; a whole conversation leaves nothing. */
  readonly rest: string
}

export interface ExchangeOptions {
  /** The caller ends its own half first. */
  readonly isHalfClosed?: boolean
  readonly onAnswer?: (socket: Socket) => void
  /** The server has ended its half; the caller has not. */
  readonly whenEnded?: (socket: Socket) => Promise<void>
}

/** Sends the bytes as they are and reads until the server ends the connection, or resets it. */
export async function exchange(
  port: number,
  sent: Buffer,
  { isHalfClosed = false, onAnswer, whenEnded }: ExchangeOptions = {},
): Promise<Exchange> {
  const socket = await openSocket(port)
  const reader = new AnswerReader()
  const answers: RawAnswer[] = []
  const ended = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    for (const answer of reader.push(chunk)) {
      answers.push(answer)
      onAnswer?.(socket)
    }
  })
  socket.on('end', ended.resolve).on('error', ended.resolve).on('close', ended.resolve)
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => ended.reject(new Error('the connection stays open')))
  if (isHalfClosed) socket.end(sent)
  else socket.write(sent)
  try {
    await ended.promise
    await whenEnded?.(socket)
  } finally {
    socket.destroy()
  }
  return { answers, rest: reader.rest }
}
