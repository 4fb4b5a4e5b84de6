import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Work } from './admission/admit-work.ts'

/**
 * Runs `next`, and all that it begins, in a span of this request. Returns a function that ends the span;
 * undefined where the span is not kept.
 */
export type TraceRequest = (
  request: {
    readonly method: string
    readonly route: string
    readonly headers: IncomingHttpHeaders
  },
  next: () => void,
) => EndSpan | undefined

/** `status`: undefined where the client left before its answer began. */
type EndSpan = (status: number | undefined) => void

/** They come all the time, or never end. */
const UNTRACED: ReadonlySet<Work['kind']> = new Set(['nothing', 'stream'])

/** A span for each request that asks for work: probes, scrapes, files of pages and streams have none. */
export function traceRequests(server: FastifyInstance, trace: TraceRequest): void {
  const ends = new WeakMap<FastifyRequest, EndSpan>()

  function endOnce(request: FastifyRequest, status: number | undefined): void {
    ends.get(request)?.(status)
    ends.delete(request)
  }

  server.addHook('onRequest', (request, reply, done) => {
    const { url: route = 'none', config } = request.routeOptions
    if (config.work !== undefined && UNTRACED.has(config.work.kind)) return done()
    const { method, headers } = request
    const end = trace({ method, route, headers }, done)
    if (end === undefined) return
    ends.set(request, end)
    const { raw } = reply
    // Fastify tells of no request whose client has left.
    raw.once('close', () => endOnce(request, raw.headersSent ? reply.statusCode : undefined))
  })
  server.addHook('onResponse', (request, reply, done) => {
    endOnce(request, reply.statusCode)
    done()
  })
}
