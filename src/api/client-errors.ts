import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { CommandError } from '../business/errors.ts'
import { closeInOrder } from './close-in-order.ts'
import { COMMON_HEADERS } from './common-headers.ts'
import { failureOf, PROBLEM_MEDIA_TYPE, toProblem } from './problems.ts'
import {
  expectationUnknown,
  headersTooLarge,
  notHttp,
  notProxy,
  requestTimedOut,
  type RequestError,
} from './request-errors.ts'

/** Node's code for a request that did not arrive in time. */
export const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'

/** Node's reasons for giving up a connection before there is a request, as far as we tell them apart. */
const CLIENT_FAILURES: Readonly<Record<string, RequestError>> = {
  [REQUEST_TIMEOUT]: requestTimedOut(),
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

function describeFailure(refused: RequestError | CommandError) {
  const requestId = randomUUID()
  const problem = toProblem(failureOf(refused), requestId)
  const body = JSON.stringify(problem)
  const headers = {
    'content-type': PROBLEM_MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    ...COMMON_HEADERS,
  }
  return { status: problem.status, headers, body }
}

function writeFailure(
  socket: Socket,
  refused: RequestError | CommandError,
  moreHeaders: readonly string[] = [],
): void {
  const { status, headers, body } = describeFailure(refused)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...moreHeaders,
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Answers a connection on which no request could be read, as far as it can be, and ends it. */
export function answerClientError(error: { readonly code?: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable && !isAnswering(socket)) {
    writeFailure(socket, CLIENT_FAILURES[error.code ?? ''] ?? notHttp())
  }
  closeInOrder(socket)
}

/** Tells a connection, before anything is read from it, why it is not let in, and ends it. */
export function refuseConnection(
  socket: Socket,
  refused: CommandError,
  retryAfterSeconds: number,
): void {
  writeFailure(socket, refused, [`retry-after: ${retryAfterSeconds}`])
  closeInOrder(socket)
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Requests that Node answers by itself, with a bare status or not at all, before Fastify sees them.
 * `guard` lets them in as it lets in all others.
 */
export function answerForNode(server: Server, guard: (begin: Listener) => Listener): void {
  server.on('checkExpectation', guard(refuseExpectation))
  server.on('connect', (_request, socket: Socket) => {
    writeFailure(socket, notProxy())
    closeInOrder(socket)
  })
}

function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = describeFailure(expectationUnknown(request.headers.expect))
  response.writeHead(status, headers).end(body)
}
