import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ID_FORMAT, NO_OTHERS } from './schemas/rule.ts'

/**
 * Two rules for the parameters of every operation, so that none is without them. A query parameter that
 * the operation does not have is refused: it would be ignored, and the answer taken for another one.
 * Spaces around an id are dropped, in paths and queries as in bodies: no id has any, so with them the
 * answer would be that nothing is there.
 */

interface Parameters {
  readonly properties?: Readonly<Record<string, { readonly format?: string }>>
}

/** Of a route's schema, which Fastify leaves open. */
interface DescribedParameters {
  readonly params?: Parameters
  readonly querystring?: Parameters
}

/** Call it before the routes are registered. */
export function tidyParameters(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return
    const { params, querystring } = (route.schema ?? {}) as DescribedParameters
    route.schema = {
      ...route.schema,
      querystring: { type: 'object', properties: {}, ...querystring, ...NO_OTHERS },
    }
    const inPath = idsOf(params)
    const inQuery = idsOf(querystring)
    if (inPath.length === 0 && inQuery.length === 0) return
    const trimIds = (request: FastifyRequest, _reply: unknown, done: () => void): void => {
      trim(request.params, inPath)
      trim(request.query, inQuery)
      done()
    }
    route.preValidation = [trimIds, ...[route.preValidation ?? []].flat()]
  })
}

function idsOf({ properties = {} }: Parameters = {}): readonly string[] {
  return Object.keys(properties).filter((name) => properties[name]?.format === ID_FORMAT)
}

function trim(parameters: unknown, names: readonly string[]): void {
  const values = parameters as Record<string, unknown>
  for (const name of names) {
    const value = values[name]
    if (typeof value === 'string') values[name] = value.trim()
  }
}
