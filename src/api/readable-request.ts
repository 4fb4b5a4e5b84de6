import type { IncomingMessage } from 'node:http'
import {
  hostMissing,
  hostRepeated,
  targetNotKnown,
  transferCodingNotKnown,
  urlNotDecodable,
  versionNotSpoken,
  type RequestError,
} from './request-errors.ts'

/** Its host is the request's, whatever the Host header says (RFC 9112 §3.2.2). */
const WHOLE_URL = /^https?:\/\/(?<host>[^/?#]*)/iu

const SLASH = '/'

const HOST = 'host'

/**
 * Why a request that Node and the router would take is not carried out: somebody who reads the same
 * bytes on the way may take them for another request, or for one to another host. The answer to it is
 * the last one on its connection.
 */
export function findFault(request: IncomingMessage): RequestError | undefined {
  const { httpVersion, headers, rawHeaders, method, url = '' } = request
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return versionNotSpoken(httpVersion)
  const hostCount = countHosts(rawHeaders)
  if (hostCount === 0 && httpVersion === '1.1') return hostMissing()
  if (hostCount > 1) return hostRepeated()
  const coding = headers['transfer-encoding']
  // One of HTTP/1.0 does not know chunks, and ends elsewhere (RFC 9112 §6.1).
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) {
    return transferCodingNotKnown()
  }
  if (!url.startsWith(SLASH) && !WHOLE_URL.test(url) && !(url === '*' && method === 'OPTIONS')) {
    return targetNotKnown()
  }
  if (!url.includes('?')) return undefined
  const [, query = ''] = url.split('?', 2)
  return isDecodable(query) ? undefined : urlNotDecodable()
}

/** The host that the request is for, with its port; undefined where HTTP/1.0 names none. */
export function hostOf({ headers, url = '' }: IncomingMessage): string | undefined {
  return url.startsWith(SLASH)
    ? headers.host
    : (WHOLE_URL.exec(url)?.groups?.['host'] ?? headers.host)
}

/** Node keeps the first of several, and a proxy may have kept the last. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === HOST.length && name.toLowerCase() === HOST) count += 1
  }
  return count
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
