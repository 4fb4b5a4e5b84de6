import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { CommandError } from '../business/errors.ts'
import type { Measures } from '../business/measures/measures.ts'
import type { Random } from '../business/ports.ts'
import { kindOfWork } from './admission/admit-work.ts'
import { retryAfterSeconds } from './admission/retry-after.ts'
import { reportBug } from './bug-report.ts'
import { BODY_BYTES_MAX } from './json-body.ts'
import {
  failureOf,
  INTERNAL_FAILURE,
  PROBLEM_MEDIA_TYPE,
  toProblem,
  type Failure,
} from './problems.ts'
import {
  bodyTooLarge,
  lengthWrong,
  mediaTypeNotSupported,
  requestBroken,
  requestNotReadable,
  RequestError,
  urlNotDecodable,
} from './request-errors.ts'

/** What Fastify refuses on its own, by error code. What is not here is a bug of ours. */
const FRAMEWORK_FAILURES: Readonly<Record<string, RequestError>> = {
  FST_ERR_BAD_URL: urlNotDecodable(),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: mediaTypeNotSupported(),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: lengthWrong(),
  // Of the request's stream: the caller went away, so this is for the log line alone.
  ECONNRESET: requestBroken(),
}

/** A reason that Fastify got since: none of ours, and not yet in the table. */
function isCallersFault({ code, statusCode }: { code: unknown; statusCode: unknown }): boolean {
  return String(code).startsWith('FST_') && Number(statusCode) >= 400 && Number(statusCode) < 500
}

/** The status is asked too: an ECONNRESET of a driver has none, and is a bug of ours. */
function findFrameworkFailure(error: unknown, bodyBytesMax: number): RequestError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return undefined
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge(bodyBytesMax)
  const known = FRAMEWORK_FAILURES[String(error.code)]
  if (known !== undefined || !isCallersFault(error)) return known
  return requestNotReadable(error)
}

function toFailure(error: unknown, bodyBytesMax: number): Failure {
  if (error instanceof CommandError || error instanceof RequestError) return failureOf(error)
  const refused = findFrameworkFailure(error, bodyBytesMax)
  return refused === undefined ? INTERNAL_FAILURE : failureOf(refused)
}

function sendFailure(reply: FastifyReply, failure: Failure, random: Random): FastifyReply {
  const problem = toProblem(failure, reply.request.id)
  reply.code(problem.status).header('content-type', PROBLEM_MEDIA_TYPE)
  // It says when to come again, and what became of the request.
  if (problem.outcome !== undefined) {
    reply.header('retry-after', retryAfterSeconds(problem.code, random))
  }
  // Bytes, because Fastify would add a charset to a string, and this media type has none.
  return reply.send(Buffer.from(JSON.stringify(problem)))
}

export interface ErrorHandlerDeps {
  readonly logger: FastifyBaseLogger
  readonly random: Random
  readonly measures: Pick<Measures, 'turnedAway'>
}

/** The one place where an error becomes an answer. Only a bug is logged: the rest is the caller's. */
export function createErrorHandler({
  logger,
  random,
  measures,
}: ErrorHandlerDeps): (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply {
  return (error, request, reply) => {
    const failure = toFailure(error, request.routeOptions.bodyLimit ?? BODY_BYTES_MAX)
    if (failure.code === 'INTERNAL') {
      const route = request.routeOptions.url
      const err = reportBug(error, request.url)
      logger.error({ err, requestId: request.id, route }, 'request failed by a bug')
    }
    if (failure.code === 'SERVICE_FULL') measures.turnedAway.add([kindOfWork(request)])
    return sendFailure(reply, failure, random)
  }
}
