import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import type { HttpDoor } from '../admission/http-server.ts'
import { pathNotFound } from '../request-errors.ts'
import { accessOf } from './authenticate.ts'

/** For probes, a scraper of metrics and a person. */
export const OPERATORS_DOOR = { tls: undefined, connectionsMax: 64, acceptQueues: 1 }

export interface OperatorsAddress {
  readonly host: string
  readonly port: number
}

/**
 * A second port for the same routes: what is for operators is answered there and not on the port that
 * others reach, and nothing else is. It has a door of its own, so that it answers also while the other
 * port takes no more. Callers are asked who they are as everywhere. Call it before the routes are
 * registered; it opens with the server and closes with it.
 */
export function openOperatorsPort(
  server: FastifyInstance,
  door: HttpDoor,
  address: OperatorsAddress,
): void {
  const operators = door.createServer((request, response) => server.routing(request, response))
  operators.on('clientError', door.onClientError)
  server.addHook('onRequest', (request, _reply, done) => {
    const access = accessOf(request)
    const { url = '' } = request.routeOptions
    const isOperators = door.lineOf(request.raw.socket) !== undefined
    const isAsked = isOperators
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
