import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { closeInOrder } from './close-in-order.ts'
import { failureOf, PROBLEM_MEDIA_TYPE, toProblem } from './problems.ts'
import {
  expectationUnknown,
  headersTooLarge,
  notHttp,
  notProxy,
  requestTimedOut,
  type RequestError,
} from './request-errors.ts'

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

function describeFailure(refused: RequestError) {
  const requestId = randomUUID()
  const problem = toProblem(failureOf(refused), requestId)
  const body = JSON.stringify(problem)
  const headers = {
    'content-type': PROBLEM_MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
  return { status: problem.status, headers, body }
}

function writeFailure(socket: Socket, refused: RequestError): void {
  const { status, headers, body } = describeFailure(refused)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Answers a connection on which no request could be read, as far as it can be, and ends it. */
export function handleClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable && !isAnswering(socket)) {
    writeFailure(socket, CLIENT_FAILURES[error.code ?? ''] ?? notHttp())
  }
  closeInOrder(socket)
}

/** Requests that Node answers by itself, with a bare status or not at all, before Fastify sees them. */
export function answerForNode(server: Server): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body } = describeFailure(expectationUnknown(request.headers.expect))
    response.writeHead(status, headers).end(body)
  })
  server.on('connect', (_request, socket: Socket) => {
    writeFailure(socket, notProxy())
    closeInOrder(socket)
  })
}
