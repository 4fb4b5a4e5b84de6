import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { pathNotFound } from '../request-errors.ts'
import { accessOf } from './authenticate.ts'

/** Probes, a scraper of metrics and a person. */
const CONNECTIONS_MAX = 64

const REQUEST_TIMEOUT_MS = 10_000

const HEADERS_TIMEOUT_MS = 5_000

export interface OperatorsAddress {
  readonly host: string
  readonly port: number
}

/**
 * A second port for the same routes: what is for operators is answered there and not on the port that
 * others reach, and nothing else is. It has its own connections, so that it answers also while the other
 * port takes no more. Callers are asked who they are as everywhere. Call it before the routes are
 * registered; it opens with the server and closes with it.
 */
export function openOperatorsPort(
  server: FastifyInstance,
  address: OperatorsAddress | undefined,
): void {
  if (address === undefined) return
  const sockets = new WeakSet<Socket>()
  const operators = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
    (request, response) => server.routing(request, response),
  )
  operators.maxConnections = CONNECTIONS_MAX
  operators.on('connection', (socket) => sockets.add(socket))
  server.addHook('onRequest', (request, _reply, done) => {
    const access = accessOf(request)
    const { url = '' } = request.routeOptions
    const isAsked = sockets.has(request.raw.socket)
      ? access === 'admin' || url.startsWith('/health')
      : access !== 'admin'
    done(isAsked ? undefined : pathNotFound(url))
  })
  server.addHook('onListen', async () => {
    await once(operators.listen(address), 'listening')
  })
  server.addHook('preClose', (done) => {
    operators.close()
    operators.closeIdleConnections()
    done()
  })
}
