import { lookup } from 'node:dns/promises'
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import process from 'node:process'
import { createTlsServer, type TlsIdentity } from '../security/tls-server.ts'
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
  /** Of each address that is listened on. Node takes one connection of each in a turn of the loop. */
  readonly acceptQueues: number
  readonly http: ServerOptions & { readonly requestTimeout: number }
  /** Undefined: plain HTTP. */
  readonly tls: TlsIdentity | undefined
  readonly connectionsMax: number
  readonly clock: Clock
  readonly random: Random
}

type ClientError = Error & { readonly code?: string }

export interface HttpDoor {
  readonly createServer: (begin: Begin) => Server
  readonly onClientError: (error: ClientError, socket: Socket) => void
  readonly lineOf: (socket: Socket) => SocketLine | undefined
  /** Called for each connection that is let in. */
  readonly onConnection: (listener: OnConnection) => void
}

type OnConnection = (socket: Socket, line: SocketLine) => void

/** What is between Node's HTTP server and Fastify: nothing reaches a route that is too much for a socket. */
export function createHttpDoor(options: HttpDoorOptions): HttpDoor {
  const { http, tls, acceptQueues, connectionsMax, clock, random } = options
  // Over TLS it is a connection once both sides have shown who they are.
  const connectionEvent = tls === undefined ? 'connection' : 'secureConnection'
  const { requestTimeout: requestTimeoutMs } = http
  const loopDelay = new LoopDelay(CHECK_EVERY_MS, requestTimeoutMs, clock.monotonicMs())
  const connectionListeners: OnConnection[] = []
  const gate = new SocketGate({
    connectionsMax,
    onLetIn(socket, line) {
      for (const listener of connectionListeners) listener(socket, line)
    },
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
    // A handshake that failed: nothing can be said to that client.
    if (tls !== undefined && gate.lineOf(socket) === undefined) return void socket.destroy()
    if (gate.takeRest(error, socket)) return
    if (error.code === REQUEST_TIMEOUT) late.judge(socket)
    else tellFault(error, socket)
  }

  function createOne(begin: Begin): Server {
    const server = tls === undefined ? createServer(http) : createTlsServer(http, tls)
    server.on('request', gate.guard(begin))
    // Its 100 is written when the request is let in.
    server.on('checkContinue', gate.guard(begin))
    answerForNode(server, (one) => gate.guard(one))
    closeConnectionsInOrder(server, connectionEvent)
    gate.watch(server, connectionEvent)
    if (tls !== undefined) gate.boundHandshakes(server)
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
      const createTwin = (): Server => createOne(begin).on('clientError', onClientError)
      listenWithTwins(server, createTwin, acceptQueues)
      return server
    },
    onClientError,
    lineOf: (socket) => gate.lineOf(socket),
    onConnection: (listener) => void connectionListeners.push(listener),
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
 * Listens with more servers than one. Node takes one connection of a server in a turn of the loop: under
 * load, when a turn takes ten milliseconds, a thousand new clients would wait for ten seconds, and a probe
 * behind them. So each address has several queues, which Linux fills in turns. And `localhost` is two
 * addresses, of which clients take either; Fastify would open a second server for the other one, but not
 * where the first is made here.
 */
function listenWithTwins(server: Server, createTwin: () => Server, acceptQueues: number): void {
  // Elsewhere all connections go to one of the queues, or the option is refused.
  const queues = process.platform === 'linux' ? acceptQueues : 1
  const sharing = queues > 1 ? { reusePort: true } : {}
  const listen = server.listen.bind(server) as (...args: readonly unknown[]) => Server
  server.listen = ((options: ListenOptions, ...rest: readonly unknown[]) => {
    server.once('listening', () => void openTwins(options.host))
    return listen({ ...options, ...sharing }, ...rest)
  }) as typeof server.listen

  async function openTwins(host: string | undefined): Promise<void> {
    const { address: own, port } = server.address() as AddressInfo
    for (let count = 1; count < queues; count += 1) openTwin(own, port)
    if (host !== 'localhost') return
    // It is the system's to say, and may fail.
    const addresses = await lookup('localhost', { all: true }).catch(() => [])
    const other = addresses.find(({ address }) => address !== own)
    if (other === undefined || !server.listening) return
    for (let count = 0; count < queues; count += 1) openTwin(other.address, port)
  }

  function openTwin(host: string, port: number): void {
    const twin = createTwin()
    // Without it the service is still reached, at the first server.
    twin.on('error', () => twin.close())
    twin.listen({ host, port, ...sharing })
    server.once('close', () => twin.close())
  }
}
