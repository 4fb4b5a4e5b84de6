import type { FastifyInstance, FastifyReply } from 'fastify'

/** Headers of requests that our API knows. No cookie: a page of another origin shows a key or a token. */
const ALLOWED_HEADERS =
  'authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent'

const EXPOSED_HEADERS =
  'etag, idempotent-replayed, link, location, retry-after, www-authenticate, x-request-id'

const ALLOWED_METHODS = 'GET, POST, PUT'

/** How long a browser may remember the answer to its question, in seconds. */
const REMEMBERED_SECONDS = '600'

/** Of every answer to such a page, also where it is written without Fastify. */
const NAMES_IN_ANSWERS = [
  'vary',
  'access-control-allow-origin',
  'access-control-expose-headers',
] as const

/** What {@link allowOrigins} has set: names and values in turns. */
export function originHeadersOf(reply: FastifyReply): string[] {
  return NAMES_IN_ANSWERS.flatMap((name) => {
    const value = reply.getHeader(name)
    return value === undefined ? [] : [name, String(value)]
  })
}

/** Lets pages of these origins call the API (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export function allowOrigins(server: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('vary', 'origin')
    const { origin } = request.headers
    if (origin === undefined || !origins.includes(origin)) return done()
    reply.header('access-control-allow-origin', origin)
    reply.header('access-control-expose-headers', EXPOSED_HEADERS)
    const asksFirst = request.headers['access-control-request-method'] !== undefined
    if (request.method !== 'OPTIONS' || !asksFirst) return done()
    reply.header('access-control-allow-methods', ALLOWED_METHODS)
    reply.header('access-control-allow-headers', ALLOWED_HEADERS)
    reply.header('access-control-max-age', REMEMBERED_SECONDS)
    reply.code(204).send()
  })
}
