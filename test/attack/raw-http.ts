import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Longer than the service's own bounds for a request; what is silent until then is a finding. */
const ANSWER_TIMEOUT_MS = 20_000

export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface Exchange {
  readonly answers: readonly RawAnswer[]
  /** What came and is no answer; a whole conversation leaves nothing. */
  readonly rest: string
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

/**
 * Sends the bytes as they are and reads until the server ends the connection, or resets it.
 * `isHalfClosed`: the caller ends its own half first.
 */
export async function exchange(
  port: number,
  sent: Buffer,
  { isHalfClosed = false } = {},
): Promise<Exchange> {
  const socket = await openSocket(port)
  const chunks: Buffer[] = []
  const ended = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('end', ended.resolve).on('error', ended.resolve).on('close', ended.resolve)
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => ended.reject(new Error('the connection stays open')))
  if (isHalfClosed) socket.end(sent)
  else socket.write(sent)
  try {
    await ended.promise
  } finally {
    socket.destroy()
  }
  return readAnswers(Buffer.concat(chunks))
}

/** Answers of known length, one after the other: the service sends no others but to the stream. */
export function readAnswers(bytes: Buffer): Exchange {
  const answers: RawAnswer[] = []
  for (let at = 0; ;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    const [first = '', ...lines] = bytes.toString('latin1', at, Math.max(at, headEnd)).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /u.exec(first)?.[1])
    if (headEnd < 0 || Number.isNaN(status)) return { answers, rest: bytes.toString('latin1', at) }
    const headers = new Map(lines.map(splitHeader))
    const bodyAt = headEnd + 4
    at = bodyAt + Number(headers.get('content-length') ?? 0)
    if (at > bytes.length) return { answers, rest: bytes.toString('latin1', headEnd) }
    answers.push({ status, headers, body: bytes.toString('utf8', bodyAt, at) })
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
