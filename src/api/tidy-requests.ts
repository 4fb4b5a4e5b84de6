import type { FastifyInstance, FastifyRequest } from 'fastify'
import { bodyEmpty } from './request-errors.ts'
import { ID_FORMAT, NO_OTHERS } from './schemas/rule.ts'

/**
 * Rules for the requests of every operation, so that none is without them:
 *
 * - A query parameter that the operation does not have is refused: it would be ignored, and the answer
 *   taken for another one.
 * - Spaces around an id are dropped, in path, query and body. No id begins or ends with a space, so the
 *   answer would be that there is no such order.
 * - A body is demanded where the operation has one.
 * - A field of a body that is optional and null is not there: so many programs write what is not set.
 */

interface Fields {
  readonly properties?: Readonly<Record<string, { readonly format?: string }>>
  readonly required?: readonly string[]
}

/** Of a route's schema, which Fastify leaves open. */
interface DescribedRequest {
  readonly params?: Fields
  readonly querystring?: Fields
  readonly body?: Fields
}

/** Call it before the routes are registered. */
export function tidyRequests(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return
    const { params, querystring, body } = (route.schema ?? {}) as DescribedRequest
    route.schema = {
      ...route.schema,
      querystring: { type: 'object', properties: {}, ...querystring, ...NO_OTHERS },
    }
    const inPath = idsOf(params)
    const inQuery = idsOf(querystring)
    const inBody = idsOf(body)
    const optional = optionalFieldsOf(body)
    const tidy = (
      request: FastifyRequest,
      _reply: unknown,
      done: (error?: Error) => void,
    ): void => {
      if (body !== undefined && request.body === undefined) return done(bodyEmpty())
      trim(request.params, inPath)
      trim(request.query, inQuery)
      if (isObject(request.body)) {
        trim(request.body, inBody)
        dropNulls(request.body, optional)
      }
      done()
    }
    route.preValidation = [tidy, ...[route.preValidation ?? []].flat()]
  })
}

function idsOf({ properties = {} }: Fields = {}): readonly string[] {
  return Object.keys(properties).filter((name) => properties[name]?.format === ID_FORMAT)
}

function optionalFieldsOf({ properties = {}, required = [] }: Fields = {}): readonly string[] {
  return Object.keys(properties).filter((name) => !required.includes(name))
}

function trim(parameters: unknown, names: readonly string[]): void {
  const values = parameters as Record<string, unknown>
  for (const name of names) {
    const value = values[name]
    if (typeof value === 'string') values[name] = value.trim()
  }
}

function dropNulls(fields: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) if (fields[name] === null) delete fields[name]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
