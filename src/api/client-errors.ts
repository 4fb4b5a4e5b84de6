import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { failureOf, PROBLEM_MEDIA_TYPE, toProblem } from './problems.ts'
import { headersTooLarge, notHttp, requestTimedOut, type RequestError } from './request-errors.ts'

/** Node's reasons for giving up a connection before there is a request, as far as we tell them apart. */
const CLIENT_FAILURES: Readonly<Record<string, RequestError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: requestTimedOut(),
  HPE_HEADER_OVERFLOW: headersTooLarge(),
}

/**
 * True while an earlier, complete request of this connection waits for its answer, or an answer is
 * on its way. What is written then would be taken for that answer: a 400 for an order that is being
 * created. Node keeps the response in this undocumented property; without it nothing is guarded.
 */
function isAnswering(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const response = socket._httpMessage
  return response ? response.headersSent || response.req.complete : false
}

function writeFailure(socket: Socket, refused: RequestError): void {
  const requestId = randomUUID()
  const problem = toProblem(failureOf(refused), requestId)
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'x-content-type-options: nosniff',
    'cache-control: no-store',
    'cross-origin-opener-policy: same-origin',
    'cross-origin-resource-policy: same-origin',
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Answers a connection on which no request could be read, as far as it can be, and ends it. */
export function handleClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable && !isAnswering(socket)) {
    writeFailure(socket, CLIENT_FAILURES[error.code ?? ''] ?? notHttp())
  }
  socket.destroySoon()
}
