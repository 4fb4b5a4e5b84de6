import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { CommandError } from '../../business/errors.ts'
import type { Random } from '../../business/ports.ts'
import { COMMON_HEADERS } from '../common-headers.ts'
import { failureOf, PROBLEM_MEDIA_TYPE, toProblem } from '../problems.ts'
import { retryAfterSeconds } from './retry-after.ts'

/** Stands for the request id while the answer is prepared. */
const ID_PLACE = '<request id>'

export interface FullAnswer {
  readonly status: number
  /** `more`: further headers, names and values in turns. */
  give(response: ServerResponse, requestId: string, more: readonly string[]): void
  /** The same, as it is written to a connection that stays open. */
  textFor(requestId: string): string
}

/**
 * The answer to a request that is turned away because the service is full, as the error handler would
 * give it. It is prepared, because it is given most often when there is no time for it.
 */
export function createFullAnswer(error: CommandError, random: Random): FullAnswer {
  const problem = toProblem(failureOf(error), ID_PLACE)
  const [before = '', after = ''] = JSON.stringify(problem).split(ID_PLACE)
  const reason = STATUS_CODES[problem.status]
  const prepared = [...Object.entries(COMMON_HEADERS).flat(), 'content-type', PROBLEM_MEDIA_TYPE]
  const headersFor = (requestId: string, body: string): string[] => [
    'x-request-id',
    requestId,
    ...prepared,
    'retry-after',
    String(retryAfterSeconds(error.code, random)),
    'content-length',
    String(Buffer.byteLength(body)),
  ]
  return {
    status: problem.status,
    give(response, requestId, more) {
      const body = before + requestId + after
      const headers = [...headersFor(requestId, body), ...more]
      response.writeHead(problem.status, reason, headers).end(body)
    },
    textFor(requestId) {
      const body = before + requestId + after
      const headers = headersFor(requestId, body)
      let text = `HTTP/1.1 ${problem.status} ${reason}\r\n`
      for (let index = 0; index < headers.length; index += 2) {
        text += `${headers[index]}: ${headers[index + 1]}\r\n`
      }
      return `${text}\r\n${body}`
    },
  }
}
