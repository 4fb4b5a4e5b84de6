import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  bodyEmpty,
  bodyEncoded,
  bodyKeyNotAllowed,
  bodyNotJson,
  bodyNotUtf8,
  charsetNotSupported,
  type RequestError,
} from './request-errors.ts'

/** The largest body a request may have: an order id of 255 characters takes at most 3 KiB. */
export const BODY_BYTES_MAX = 16_384

/** Room for an item with a name of 255 characters, on lines of its own. */
const ITEM_BYTES = 480

/** The largest body of a creation, which may bring items. */
export function creationBytesMax(maxItemsPerOrder: number): number {
  return BODY_BYTES_MAX + maxItemsPerOrder * ITEM_BYTES
}

type BodyDone = (error: Error | null, body?: unknown) => void

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

/** Fastify's parser keeps the reason to itself; the second parse is paid for only by a bad body. */
function explainRefusal(text: string, refusal: Error): RequestError {
  try {
    JSON.parse(text)
  } catch (error) {
    return bodyNotJson(error instanceof Error ? error.message : 'unreadable', refusal)
  }
  return bodyKeyNotAllowed(refusal)
}

/**
 * Makes JSON in UTF-8 the only body the server reads. Bytes that are not UTF-8 are refused, not
 * replaced: two different requests would otherwise name the same order.
 */
export function acceptOnlyJson(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error')

  function parseBody(request: FastifyRequest, body: Buffer, done: BodyDone): void {
    refuseOtherEncodings(request.headers)
    if (body.length === 0) throw bodyEmpty()
    const text = decodeUtf8(body)
    void parseJson(request, text, (error, json) => {
      if (error) done(explainRefusal(text, error))
      else done(null, json)
    })
  }

  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseBody)
  server.addContentTypeParser(
    /^application\/[^\s;/]+\+json(?:;|$)/,
    { parseAs: 'buffer' },
    parseBody,
  )
}
