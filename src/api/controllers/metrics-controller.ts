import type { FastifyInstance } from 'fastify'
import type { Measures } from '../../business/measures/measures.ts'
import { NO_WORK } from '../admission/admit-work.ts'

/** As a scrape asks for it; Prometheus before 2.5 and people get the older text. */
const OPEN_METRICS = 'application/openmetrics-text'

/** In place of a status: the client left before its answer began. */
const NO_STATUS = 'none'

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])

interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** Writes the metrics as they are now, in the format that was asked for; the same text for many who ask at once. */
export type WriteMetrics = (format: 'openmetrics' | 'text') => Promise<MetricsText>

/** Answered always, like health: whoever looks at an overload needs it most. */
export function registerMetricsRoute(server: FastifyInstance, writeMetrics: WriteMetrics): void {
  // Of a text that is not taken the socket keeps a copy, and of bytes these alone, however many ask.
  const bytesOf = new WeakMap<MetricsText, Buffer>()
  server.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    config: { work: NO_WORK, access: 'admin' },
    handler: async ({ headers }, reply) => {
      const isOpen = headers.accept?.includes(OPEN_METRICS) === true
      const page = await writeMetrics(isOpen ? 'openmetrics' : 'text')
      const bytes = bytesOf.get(page) ?? Buffer.from(page.text)
      bytesOf.set(page, bytes)
      return reply.type(page.contentType).send(bytes)
    },
  })
}

/**
 * Counts every request that reached a route, or none. Its labels are words of ours: no path, no id, and
 * of methods those that the service knows.
 */
export function countRequests(server: FastifyInstance, { requests }: Measures): void {
  server.addHook('onRequest', ({ method, routeOptions }, reply, done) => {
    const { raw } = reply
    const known = KNOWN_METHODS.has(method) ? method : 'other'
    // Fastify makes it anew each time.
    const { url: route = 'none', config } = routeOptions
    // Fastify tells of no request whose client has left. A stream ends so, and is as long as it was wanted.
    raw.once(config.work?.kind === 'stream' ? 'finish' : 'close', () => {
      const status = raw.headersSent ? String(reply.statusCode) : NO_STATUS
      requests.note([known, route, status], reply.elapsedTime)
    })
    done()
  })
}
