import {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'

const SHOWS_DEBUG = new Set(['debug', 'trace'])

/**
 * One line a request, in place of Fastify's two; never the URL, which names orders. It is at debug, but
 * for a change whose caller is known: somebody may have to answer for it.
 */
export class RequestLog extends LogController {
  constructor() {
    super({ disableRequestLogging: true, requestIdLogLabel: 'requestId' })
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (request.caller === undefined && !SHOWS_DEBUG.has(reply.log.level)) return
    // Fastify makes it anew each time.
    const { url: route, config } = request.routeOptions
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
      requestId: request.id,
      ...(request.caller && { principal: request.caller.principal }),
      ...(error && { err: error }),
    }
    if (request.caller !== undefined && config.work?.kind === 'change') {
      reply.log.info(line, 'change answered')
    } else {
      reply.log.debug(line, 'request answered')
    }
  }
}

/**
 * Fastify tells of no request whose client has left. A change of a known caller is logged all the same: who
 * hangs up may have made it.
 */
export function logUnheardChanges(server: FastifyInstance): void {
  server.addHook('preHandler', (request, reply, done) => {
    const { caller, method, id: requestId } = request
    if (caller === undefined) return done()
    const { url: route, config } = request.routeOptions
    if (config.work?.kind === 'change') {
      reply.raw.once('close', () => {
        if (reply.raw.writableFinished) return
        const { principal } = caller
        const durationMs = reply.elapsedTime
        reply.log.info(
          { method, route, durationMs, requestId, principal },
          'change not answered: its client has left',
        )
      })
    }
    done()
  })
}
