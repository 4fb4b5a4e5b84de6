import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { CommandError } from '../../business/errors.ts'
import type { Random } from '../../business/ports.ts'
import { COMMON_HEADERS } from '../common-headers.ts'
import { failureOf, PROBLEM_MEDIA_TYPE, toProblem } from '../problems.ts'
import { retryAfterSeconds } from './retry-after.ts'

/** Stands for the request id while the answer is prepared. */
const ID_PLACE = '<request id>'

export type FullAnswer = (response: ServerResponse, requestId: string, isLast: boolean) => void

/**
 * The answer to a request that is turned away because the service is full, as the error handler would
 * give it. It is prepared, because it is given most often when there is no time for it.
 */
export function createFullAnswer(error: CommandError, random: Random): FullAnswer {
  const problem = toProblem(failureOf(error), ID_PLACE)
  const [before = '', after = ''] = JSON.stringify(problem).split(ID_PLACE)
  const common = Object.entries(COMMON_HEADERS).flat()
  return (response, requestId, isLast) => {
    const body = before + requestId + after
    response.writeHead(problem.status, STATUS_CODES[problem.status], [
      'x-request-id',
      requestId,
      ...common,
      ...(isLast ? ['connection', 'close'] : []),
      'content-type',
      PROBLEM_MEDIA_TYPE,
      'retry-after',
      String(retryAfterSeconds(error.code, random)),
      'content-length',
      String(Buffer.byteLength(body)),
    ])
    response.end(body)
  }
}
