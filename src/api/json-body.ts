import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseExactly } from './exact-json.ts'
import {
  bodyEmpty,
  bodyEncoded,
  bodyNotJson,
  bodyNotUtf8,
  bodyTooManyValues,
  charsetNotSupported,
  RequestError,
} from './request-errors.ts'

/** The largest body a request may have: an order id of 255 characters takes at most 3 KiB. */
export const BODY_BYTES_MAX = 16_384

/**
 * Room for an item on lines of its own, with a name of 255 characters. Many programs write each that is
 * not ASCII as `\\uXXXX`, and those beyond the first 65,536 as two of these: 12 bytes.
 */
const ITEM_BYTES = 255 * 12 + 140

/** The largest body of a creation, which may bring items. */
export function creationBytesMax(maxItemsPerOrder: number): number {
  return BODY_BYTES_MAX + maxItemsPerOrder * ITEM_BYTES
}

/**
 * A value may have three bytes in a body (`{},`) and takes some 60 in memory: 90 such bodies of 336 kB,
 * parsed and kept, ended a process with 512 MB of heap. An item has four values.
 */
const BYTES_PER_VALUE = 24

const CHARSET_PATTERN = /;\s*charset\s*=\s*"?([^\s";]*)/i

const utf8 = new TextDecoder('utf-8', { fatal: true })

function refuseOtherEncodings(headers: IncomingHttpHeaders): void {
  const contentEncoding = headers['content-encoding']
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    throw bodyEncoded()
  }
  const charset = CHARSET_PATTERN.exec(headers['content-type'] ?? '')?.[1]
  // The second is what many programs write; the browsers' standard has it as another name.
  if (charset !== undefined && !['utf-8', 'utf8'].includes(charset.toLowerCase())) {
    throw charsetNotSupported(charset)
  }
}

function decodeUtf8(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch (error) {
    throw bodyNotUtf8(error)
  }
}

/** Of fields that nobody knows there may be any, `__proto__` too: each field is read by its name. */
function parseJson(text: string): unknown {
  try {
    return parseExactly(text)
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw bodyNotJson(error instanceof Error ? error.message : 'unreadable', error)
  }
}

const QUOTE = '"'.charCodeAt(0)
const BACKSLASH = '\\'.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const BRACKET = '['.charCodeAt(0)
const BRACE = '{'.charCodeAt(0)

/** Each is the first one, behind a comma, or the first of what a bracket opens. */
function countValues(json: Buffer): number {
  let count = 1
  let isInString = false
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at]
    if (byte === QUOTE) isInString = !isInString
    else if (isInString) at += byte === BACKSLASH ? 1 : 0
    else if (byte === COMMA) count += 1
    // An empty one holds none, unless there is white space in it; `]` and `}` have the codes two above `[` and `{`.
    else if ((byte === BRACKET || byte === BRACE) && json[at + 1] !== byte + 2) count += 1
  }
  return count
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a body that was read. */
    bodyBytes: number
  }
}

function parseBody(
  request: FastifyRequest,
  body: Buffer,
  done: (error: null, body: unknown) => void,
): void {
  request.bodyBytes = body.length
  refuseOtherEncodings(request.headers)
  if (body.length === 0) throw bodyEmpty()
  const bytesMax = request.routeOptions.bodyLimit ?? BODY_BYTES_MAX
  const valuesMax = Math.floor(bytesMax / BYTES_PER_VALUE)
  // Each has two bytes at least, so a small body need not be looked at.
  if (body.length > 2 * valuesMax && countValues(body) > valuesMax) {
    throw bodyTooManyValues(valuesMax)
  }
  done(null, parseJson(decodeUtf8(body)))
}

/**
 * Makes JSON in UTF-8 the only body the server reads. Bytes that are not UTF-8 are refused, not
 * replaced: two different requests would otherwise name the same order.
 */
export function acceptOnlyJson(server: FastifyInstance): void {
  server.decorateRequest('bodyBytes', 0)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseBody)
  server.addContentTypeParser(
    /^application\/[^\s;/]+\+json(?:;|$)/,
    { parseAs: 'buffer' },
    parseBody,
  )
}
