import { LogController, type FastifyReply, type FastifyRequest } from 'fastify'

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
