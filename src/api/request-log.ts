import { LogController, type FastifyReply, type FastifyRequest } from 'fastify'

/** One line a request, at debug, in place of Fastify's two; never the URL, which names orders. */
export class RequestLog extends LogController {
  constructor() {
    super({ disableRequestLogging: true, requestIdLogLabel: 'requestId' })
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const line = {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
      requestId: request.id,
      ...(error && { err: error }),
    }
    reply.log.debug(line, 'request answered')
  }
}
