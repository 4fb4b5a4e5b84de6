import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { CommandError } from '../business/errors.ts'
import { closeInOrder } from './close-in-order.ts'
import { COMMON_HEADERS } from './common-headers.ts'
import { failureOf, PROBLEM_MEDIA_TYPE, toProblem } from './problems.ts'
import { findFault } from './readable-request.ts'
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

type AnsweringSocket = Socket & { _httpMessage?: ServerResponse | null }

/**
 * The answer that an earlier, complete request of this connection waits for, or that is on its way.
 * What is written then would be taken for that answer: a 400 for an order that is being created. Node
 * keeps the response in this undocumented property; without it nothing is guarded.
 */
function findAnswer(socket: AnsweringSocket): ServerResponse | undefined {
  const response = socket._httpMessage
  return response && (response.headersSent || response.req.complete) ? response : undefined
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

/** Connections on which something that is no request came behind requests. */
const ending = new WeakSet<Socket>()

/** Ends a connection on which no request can be read any more. */
export function answerClientError({ code = '' }: { readonly code?: string }, socket: Socket): void {
  const fault = CLIENT_FAILURES[code] ?? notHttp()
  endConnection(socket, code === 'ECONNRESET' ? undefined : fault)
}

/**
 * What was asked before is answered first; with nothing before, the fault is, as far as it can be and
 * where there is one to tell.
 */
export function endConnection(socket: Socket, fault?: RequestError): void {
  if (ending.has(socket)) return
  const answer = findAnswer(socket)
  if (answer !== undefined) return endAfterAnswers(socket, answer)
  if (fault !== undefined && socket.writable) writeFailure(socket, fault)
  closeInOrder(socket)
}

function endAfterAnswers(socket: Socket, answer: ServerResponse | undefined): void {
  ending.add(socket)
  // A stream never ends by itself.
  const isEndless = answer?.headersSent === true && !answer.writableEnded
  if (answer === undefined || isEndless) return closeInOrder(socket)
  answer.once('close', () => endAfterAnswers(socket, findAnswer(socket)))
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
  server.on('connect', ({ socket }: IncomingMessage) => {
    // Node has taken its listeners off the socket: a reset would end the process.
    socket.on('error', () => socket.destroy())
    // So that it is noticed when the client leaves.
    socket.resume()
    endConnection(socket, notProxy())
  })
}

function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const fault = findFault(request)
  const refused = fault ?? expectationUnknown(request.headers.expect)
  const { status, headers, body } = describeFailure(refused)
  // What is behind a request that is not read alike by all may be a part of it.
  if (fault !== undefined) response.setHeader('connection', 'close')
  response.writeHead(status, headers).end(body)
}
