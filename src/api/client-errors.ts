import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PROBLEM_MEDIA_TYPE, toProblem, type Failure } from './problems.ts'

/** Node's reasons for giving up a connection before there is a request, as far as we tell them apart. */
const CLIENT_FAILURES: Readonly<Record<string, Failure>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'REQUEST_TIMED_OUT',
    detail: 'The request did not arrive in time',
  },
  HPE_HEADER_OVERFLOW: {
    code: 'HEADERS_TOO_LARGE',
    detail: 'The URL and the headers together are too large',
  },
}

const NOT_HTTP: Failure = { code: 'REQUEST_INVALID', detail: 'This is not valid HTTP' }

/**
 * True while an earlier, complete request of this connection waits for its answer, or an answer is
 * on its way. What is written then would be taken for that answer: a 400 for an order that is being
 * created. Node keeps the response in this undocumented property; without it nothing is guarded.
 */
function isAnswering(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const response = socket._httpMessage
  return response ? response.headersSent || response.req.complete : false
}

function writeFailure(socket: Socket, failure: Failure): void {
  const requestId = randomUUID()
  const problem = toProblem(failure, requestId)
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'x-content-type-options: nosniff',
    'cache-control: no-store',
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Answers a connection on which no request could be read, as far as it can be, and ends it. */
export function handleClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable && !isAnswering(socket)) {
    writeFailure(socket, CLIENT_FAILURES[error.code ?? ''] ?? NOT_HTTP)
  }
  socket.destroySoon()
}
