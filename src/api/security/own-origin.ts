import type { FastifyRequest } from 'fastify'

/**
 * Whether a page of the service itself has sent the request. A browser says with every write which page
 * it is from, and no page can say another one. By its cookie alone a request from elsewhere would count
 * as its owner's. The scheme is not compared: a proxy may end TLS.
 */
export function isFromOwnPage(request: FastifyRequest, publicUrl: string | undefined): boolean {
  const origin = URL.parse(request.headers.origin ?? '')
  if (origin === null) return false
  const known = publicUrl === undefined ? undefined : URL.parse(publicUrl)?.host
  return origin.host === request.host || origin.host === known
}
