import { lookup } from 'node:dns/promises'
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import type { Clock, Random } from '../../business/ports.ts'
import { tooManyConnections } from '../../business/refusals.ts'
import {
  answerClientError,
  answerForNode,
  endConnection,
  refuseConnection,
  REQUEST_TIMEOUT,
} from '../client-errors.ts'
import { closeConnectionsInOrder, closeInOrder } from '../close-in-order.ts'
import { LateRequests } from './late-requests.ts'
import { LoopDelay } from './loop-delay.ts'
import { retryAfterSeconds } from './retry-after.ts'
import { SocketGate } from './socket-gate.ts'
import type { Begin, SocketLine } from './socket-line.ts'

/** How often connections are looked at, and the delay of the loop is measured. */
const CHECK_EVERY_MS = 1_000

/**
 * What all sockets together may keep of what they have read and not parsed. A read brings 64 KiB at most,
 * so a thousand clients may send far ahead; beyond that a connection ends after what it has begun.
 */
const REST_BYTES_MAX = 64 * 1024 * 1024

export interface HttpDoorOptions {
  readonly http: ServerOptions & { readonly requestTimeout: number }
  readonly connectionsMax: number
  readonly clock: Clock
  readonly random: Random
}

type ClientError = Error & { readonly code?: string }

export interface HttpDoor {
  readonly createServer: (begin: Begin) => Server
  readonly onClientError: (error: ClientError, socket: Socket) => void
  readonly lineOf: (socket: Socket) => SocketLine | undefined
}

/** What is between Node's HTTP server and Fastify: nothing reaches a route that is too much for a socket. */
export function createHttpDoor({ http, connectionsMax, clock, random }: HttpDoorOptions): HttpDoor {
  const { requestTimeout: requestTimeoutMs } = http
  const loopDelay = new LoopDelay(CHECK_EVERY_MS, requestTimeoutMs, clock.monotonicMs())
  const gate = new SocketGate({
    connectionsMax,
    restBytesMax: REST_BYTES_MAX,
    closeInOrder,
    refuse(socket) {
      const refused = tooManyConnections(connectionsMax)
      refuseConnection(socket, refused, retryAfterSeconds(refused.code, random))
    },
    onBodyAwaited: (socket, request) => late.awaitBody(socket, request),
  })
  const late = new LateRequests({
    lineOf: (socket) => gate.lineOf(socket),
    loopDelay,
    clock,
    requestTimeoutMs,
    onLate: (socket) => tellFault({ code: REQUEST_TIMEOUT }, socket),
    onUnused: closeInOrder,
  })

  function tellFault(fault: { readonly code?: string }, socket: Socket): void {
    // A second answer to one request would be taken for that to the next one.
    if (gate.lineOf(socket)?.isAnsweredEarly === true) endConnection(socket)
    else answerClientError(fault, socket)
  }

  function onClientError(error: ClientError, socket: Socket): void {
    if (gate.takeRest(error, socket)) return
    if (error.code === REQUEST_TIMEOUT) late.judge(socket)
    else tellFault(error, socket)
  }

  function createOne(begin: Begin): Server {
    const server = createServer(http, gate.guard(begin))
    // Its 100 is written when the request is let in.
    server.on('checkContinue', gate.guard(begin))
    answerForNode(server, (one) => gate.guard(one))
    closeConnectionsInOrder(server)
    gate.watch(server)
    return server
  }

  function check(): void {
    loopDelay.note(clock.monotonicMs())
    gate.endStalled()
  }

  return {
    createServer(begin) {
      const server = createOne(begin)
      repeatWhileOpen(server, clock, check)
      listenOnBothLoopbacks(server, () => createOne(begin).on('clientError', onClientError))
      return server
    },
    onClientError,
    lineOf: (socket) => gate.lineOf(socket),
  }
}

function repeatWhileOpen(server: Server, clock: Clock, task: () => void): void {
  let cancel: (() => void) | undefined
  const repeat = (): void => {
    cancel = clock.schedule(CHECK_EVERY_MS, () => {
      task()
      repeat()
    })
  }
  server.on('listening', repeat)
  server.on('close', () => cancel?.())
}

/**
 * `localhost` is two addresses, and clients take either. Fastify would open a second server for the other
 * one, but not where the first is made here.
 */
function listenOnBothLoopbacks(server: Server, createTwin: () => Server): void {
  const listen = server.listen.bind(server) as (...args: readonly unknown[]) => Server
  server.listen = ((...args: readonly unknown[]) => {
    const [options] = args as [ListenOptions | undefined]
    if (options?.host === 'localhost') server.once('listening', () => void openTwin())
    return listen(...args)
  }) as typeof server.listen

  async function openTwin(): Promise<void> {
    const { address: own, port } = server.address() as AddressInfo
    // It is the system's to say, and may fail.
    const addresses = await lookup('localhost', { all: true }).catch(() => [])
    const other = addresses.find(({ address }) => address !== own)
    if (other === undefined || !server.listening) return
    const twin = createTwin()
    // Without the other address the service is still reached by its own.
    twin.on('error', () => twin.close())
    twin.listen({ host: other.address, port })
    server.once('close', () => twin.close())
  }
}
