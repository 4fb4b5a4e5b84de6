/**
 * The commonest shape of a request for a change, read from its bytes without the parser: a head that
 * nobody can read in two ways, and a whole body behind it. Whatever differs from that is for Node's parser
 * to judge.
 */

const REQUEST_LINE = /^(POST \/api\/create-order|PUT \/api\/update-order) HTTP\/1\.1\r\n/u
const HEADER = /([\w-]+): ?([\x20-\x7e]*)\r\n/uy
const END_OF_HEAD = '\r\n\r\n'
const CONTENT_LENGTH = /^\d{1,6}$/u

/** A longer head is none of the commonest. */
const HEAD_BYTES_MAX = 4_096

/** They say how the body is to be read, what is to become of the connection, or that a page asks. */
const NOT_PLAIN = new Set([
  'content-encoding',
  'expect',
  'origin',
  // Node's parser takes it for Connection.
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export interface PlainChange {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly hasRetryKey: boolean
}

/** `bytes` are from where a request begins. Undefined: they are not exactly one plain request. */
export function readPlainChange(bytes: Buffer): PlainChange | undefined {
  const text = bytes.toString('latin1', 0, HEAD_BYTES_MAX)
  const requestLine = REQUEST_LINE.exec(text)
  const headEnd = text.indexOf(END_OF_HEAD)
  if (requestLine === null || headEnd === -1) return undefined
  let host: string | undefined
  let bodyLength: number | undefined
  let hasRetryKey = false
  HEADER.lastIndex = requestLine[0].length
  while (HEADER.lastIndex < headEnd) {
    const [, rawName = '', value = ''] = HEADER.exec(text) ?? []
    const name = rawName.toLowerCase()
    // A header that was not matched has no name.
    if (name === '' || NOT_PLAIN.has(name)) return undefined
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined
    if (name === 'host') {
      if (host !== undefined) return undefined
      host = value
    }
    if (name === 'content-length') {
      if (bodyLength !== undefined || !CONTENT_LENGTH.test(value)) return undefined
      bodyLength = Number(value)
    }
    if (name === 'idempotency-key') hasRetryKey = true
  }
  if (host === undefined || bodyLength === undefined) return undefined
  const isWhole = bytes.length === headEnd + END_OF_HEAD.length + bodyLength
  const [method = '', path = ''] = requestLine[1]?.split(' ') ?? []
  return isWhole ? { method, path, host, hasRetryKey } : undefined
}
