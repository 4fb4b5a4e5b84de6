import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RequestError } from './request-errors.ts'
import { toValidationError, type SchemaViolation } from './validation-messages.ts'

/**
 * Fastify stops at the first part of a request that its schema refuses. Here the others are judged as well,
 * so that all that is wrong is told at once: a key in a header beside the fields of a body.
 */

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler throws {@link refusalOf} itself, because it has more to say of the fields. */
    readonly judgesFields?: true
  }
}

type Part = 'params' | 'body' | 'querystring' | 'headers'

/** Call it before the routes are registered. */
export function tellWholeRefusals(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return
    route.attachValidation = true
    if (route.config?.judgesFields === true) return
    route.preHandler = [refuse, ...[route.preHandler ?? []].flat()]
  })
}

function refuse(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
  done(refusalOf(request))
}

/** What the schemas of the operation refuse, in every part of the request. */
export function refusalOf(request: FastifyRequest): RequestError | undefined {
  if (request.validationError === undefined) return undefined
  const { params, body, query, headers } = request
  const parts: Readonly<Record<Part, unknown>> = { params, body, querystring: query, headers }
  return toValidationError(
    Object.entries(parts).flatMap(([part, value]) => violationsIn(request, part as Part, value)),
  )
}

function violationsIn(
  request: FastifyRequest,
  part: Part,
  value: unknown,
): readonly SchemaViolation[] {
  const validate = request.getValidationFunction(part)
  if (validate === undefined || validate(value)) return []
  return (validate.errors ?? []) as readonly SchemaViolation[]
}
