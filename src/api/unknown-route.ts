import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { methodNotAllowed, pathNotFound } from './request-errors.ts'

/** How much of an unknown path is shown, in characters. */
const SHOWN_PATH_LENGTH_MAX = 200

interface KnownPath {
  readonly pattern: RegExp
  readonly methods: Set<string>
}

/** `/orders/:id` and `/static/*` as the router understands them. */
function toPattern(url: string): RegExp {
  const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll(/:[^/]+/g, '[^/]+')}$`)
}

/**
 * Answers what no route takes: 405 with `Allow` for a known path, 204 with `Allow` for OPTIONS on
 * one or on `*`, 404 for the rest. Call it before the routes are registered: it learns them as they
 * come.
 */
export function answerUnknownRoutes(server: FastifyInstance): void {
  const known = new Map<string, KnownPath>()

  function findMethods(method: string, path: string): readonly string[] {
    // By the asterisk it is asked what the service takes at all (RFC 9110 §9.3.7).
    const isOfAllPaths = method === 'OPTIONS' && path === '*'
    const matching = [...known.values()].filter(({ pattern }) => isOfAllPaths || pattern.test(path))
    return [...new Set(matching.flatMap(({ methods }) => [...methods]))]
  }

  function answer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.split('?', 1)[0] ?? ''
    const shownPath = path.slice(0, SHOWN_PATH_LENGTH_MAX)
    const methods = findMethods(request.method, path)
    // A route that takes the method was asked already, and has nothing: a file that is not there.
    if (methods.length === 0 || methods.includes(request.method)) {
      throw pathNotFound(shownPath)
    }
    const allow = [...methods, 'OPTIONS'].join(', ')
    reply.header('allow', allow)
    if (request.method === 'OPTIONS') return reply.code(204).send()
    throw methodNotAllowed(shownPath, allow, request.method)
  }

  server.addHook('onRoute', ({ url, method }) => {
    const path = known.get(url) ?? { pattern: toPattern(url), methods: new Set() }
    for (const one of [method].flat()) path.methods.add(one)
    known.set(url, path)
  })
  // In onRequest already: Fastify reads and judges a body before it comes to its 404 handler.
  server.addHook('onRequest', (request, reply, done) => {
    if (request.is404) answer(request, reply)
    else done()
  })
  server.setNotFoundHandler(answer)
}
