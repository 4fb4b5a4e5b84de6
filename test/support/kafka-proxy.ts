import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import {
  API_KEYS,
  apiKeyOf,
  describeProducersErrorAnswer,
  errorAnswer,
  isDescribeProducers,
  isProduce,
  partitionsOf,
  requestId,
  responseId,
  withErrorCode,
  withShiftedOffset,
} from './produce-frame.ts'

/** What happens to one Produce request, or to its answer. */
export type ProduceFate =
  | { readonly kind: 'pass' }
  /** The broker never sees it; the client gets this error. */
  | { readonly kind: 'answer-unsent'; readonly errorCode: number; readonly delayMs?: number }
  /** The broker takes it; the answer of its first partition is replaced by this error. */
  | { readonly kind: 'answer-sent'; readonly errorCode: number }
  /** The broker takes it; the answer of its first partition gets another offset. */
  | { readonly kind: 'shift-offset'; readonly by: bigint }
  /** The broker takes it; the connection is cut instead of the answer. */
  | { readonly kind: 'cut-answer' }
  /** The broker takes it; its answer never comes. */
  | { readonly kind: 'swallow-answer' }
  /** Half of the request goes out, then the connection is cut. */
  | { readonly kind: 'cut-request' }

const PASS: ProduceFate = { kind: 'pass' }

/** What happens to everything: `silent` swallows all that is said, on both sides. */
export type Link =
  | 'open'
  | 'silent'
  | 'refused'
  | { readonly delayMs: number }
  /** Of each connection, in each direction. */
  | { readonly bytesPerSecond: number }

export interface HeldRequests {
  readonly count: () => number
  /** How many of them the broker has answered since. */
  readonly answeredCount: () => number
  /** Holds no more; keeps what it has. */
  letOthersPass(): void
  /** Hands them on to the broker, also those whose client is gone. */
  release(): void
}

export interface KafkaProxy {
  readonly port: number
  /** Fates of the next Produce requests, in turn; after them all pass. */
  readonly fates: ProduceFate[]
  /** The fate of all that have none of their own; undefined takes it back. */
  setFateOfAll(fate: ProduceFate | undefined): void
  /** How many Produce requests the client has sent. */
  readonly produceCount: () => number
  /** How many requests with this API key the client has sent; see {@link API_KEYS}. */
  readonly requestCount: (apiKey: number) => number
  /** How many connections were opened. */
  readonly connectionCount: () => number
  /** Keeps Produce requests from the broker, all or those with a batch of one partition, until they are released. */
  hold(partition?: number): HeldRequests
  /** The same of the questions for what producers wrote last. */
  holdDescribeProducers(): HeldRequests
  /** Answers them by this error in the broker's place; undefined: the broker answers. */
  refuseDescribeProducers(errorCode: number | undefined): void
  setLink(link: Link): Promise<void>
  /** What clients get in place of every answer of the broker; undefined: the answers. */
  harmAnswers(harm: Harm | undefined): void
  close(): Promise<void>
}

/** The bytes in place of a frame. */
export type Harm = (frame: Buffer) => Buffer

interface Holding {
  readonly isHeld: (request: Buffer) => boolean
  readonly released: Promise<void>
  count: number
  answeredCount: number
}

function asItIs(frame: Buffer): Buffer {
  return frame
}

/**
 * Stands between the service and a broker, and harms Produce requests one by one, or everything.
 * The broker must advertise the proxy's port. With a certificate it ends the clients' TLS, because it has
 * to read frames; the broker then listens behind it without TLS.
 */
export async function startKafkaProxy(
  port: number,
  brokerPort: number,
  certificate?: Pick<TlsOptions, 'cert' | 'key'>,
): Promise<KafkaProxy> {
  const fates: ProduceFate[] = []
  const sockets = new Set<Socket>()
  const requests = new Map<number, number>()
  let connections = 0
  let fateOfAll: ProduceFate = PASS
  let holding: Holding | undefined
  let refusal: number | undefined
  let link: Link = 'open'
  let harm: Harm = asItIs

  const count = (apiKey: number): number => requests.get(apiKey) ?? 0
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  const serve = (client: Socket): void => {
    connections += 1
    const broker = connect(brokerPort, '127.0.0.1')
    const answerFates = new Map<number, ProduceFate>()
    const toClient = createLine(client, () => link)
    const toBroker = createLine(broker, () => link)
    const heldRequests = new Map<number, Holding>()
    let isClientGone = false
    client.on('error', () => {})
    keep(broker)
    broker.on('close', () => client.destroy())
    client.on('close', () => {
      isClientGone = true
      // What left the client is on its way to the broker, whatever becomes of the client.
      if (heldRequests.size === 0) broker.destroy()
    })

    const hold = (request: Buffer, current: Holding): void => {
      current.count += 1
      heldRequests.set(requestId(request), current)
      void current.released.then(() => {
        if (!broker.destroyed) broker.write(request)
      })
    }

    onFrames(client, (frame) => {
      const apiKey = apiKeyOf(frame)
      requests.set(apiKey, count(apiKey) + 1)
      const fate = isProduce(frame) ? (fates.shift() ?? fateOfAll) : PASS
      if (holding?.isHeld(frame) === true) return hold(frame, holding)
      if (refusal !== undefined && isDescribeProducers(frame)) {
        return toClient(describeProducersErrorAnswer(frame, refusal))
      }
      if (fate.kind === 'answer-unsent') {
        const answer = errorAnswer(frame, fate.errorCode)
        return void setTimeout(() => toClient(answer), fate.delayMs ?? 0)
      }
      if (fate.kind === 'cut-request') {
        broker.write(frame.subarray(0, frame.length / 2), () => client.destroy())
        return undefined
      }
      answerFates.set(requestId(frame), fate)
      return toBroker(frame)
    })
    onFrames(broker, (frame) => {
      const fate = answerFates.get(responseId(frame))
      answerFates.delete(responseId(frame))
      const wasHeld = heldRequests.get(responseId(frame))
      heldRequests.delete(responseId(frame))
      if (wasHeld !== undefined) wasHeld.answeredCount += 1
      if (isClientGone && heldRequests.size === 0) broker.destroy()
      if (fate?.kind === 'cut-answer') client.destroy()
      else if (fate?.kind !== 'swallow-answer') toClient(harm(harmed(frame, fate)))
    })
  }
  const server =
    certificate === undefined ? createServer(serve) : createTlsServer(certificate, serve)
  // Also one whose handshake is not over.
  server.on('connection', keep)

  const listen = async (): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const hangUp = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  const holdThose = (isHeldOne: (request: Buffer) => boolean): HeldRequests => {
    const { promise: released, resolve } = Promise.withResolvers<void>()
    const current = { isHeld: isHeldOne, released, count: 0, answeredCount: 0 }
    holding = current
    const letOthersPass = (): void => {
      if (holding === current) holding = undefined
    }
    return {
      count: () => current.count,
      answeredCount: () => current.answeredCount,
      letOthersPass,
      release() {
        letOthersPass()
        resolve()
      },
    }
  }
  await listen()
  return {
    port,
    fates,
    produceCount: () => count(API_KEYS.produce),
    requestCount: count,
    connectionCount: () => connections,
    setFateOfAll(fate = PASS) {
      fateOfAll = fate
    },
    hold: (partition) =>
      holdThose(
        (request) =>
          isProduce(request) &&
          (partition === undefined || partitionsOf(request).includes(partition)),
      ),
    holdDescribeProducers: () => holdThose(isDescribeProducers),
    refuseDescribeProducers(errorCode) {
      refusal = errorCode
    },
    harmAnswers(next = asItIs) {
      harm = next
    },
    async setLink(next) {
      link = next
      if (next === 'refused') await hangUp()
      else if (!server.listening) await listen()
    },
    close: hangUp,
  }
}

/** Writes frames in their order, each after what the link takes for it at its time. */
function createLine(socket: Socket, link: () => Link): (frame: Buffer) => void {
  let last: Promise<unknown> | undefined
  let waiting = 0
  const write = (frame: Buffer): void => {
    if (!socket.destroyed && link() !== 'silent') socket.write(frame)
  }
  return (frame) => {
    const current = link()
    if (typeof current !== 'object' && waiting === 0) return write(frame)
    waiting += 1
    last = Promise.all([last, delayOf(current)])
      .then(() => transferOf(current, frame))
      .then(() => {
        waiting -= 1
        write(frame)
      })
  }
}

async function delayOf(link: Link): Promise<void> {
  if (typeof link === 'object' && 'delayMs' in link) await delay(link.delayMs)
}

async function transferOf(link: Link, { length }: Buffer): Promise<void> {
  if (typeof link !== 'object' || !('bytesPerSecond' in link)) return
  await delay((length * 1_000) / link.bytesPerSecond)
}

function onFrames(socket: Socket, handle: (frame: Buffer) => void): void {
  let buffered = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
      const length = 4 + buffered.readInt32BE(0)
      handle(buffered.subarray(0, length))
      buffered = buffered.subarray(length)
    }
  })
}

function harmed(response: Buffer, fate: ProduceFate | undefined): Buffer {
  if (fate?.kind === 'answer-sent') return withErrorCode(response, fate.errorCode)
  if (fate?.kind === 'shift-offset') return withShiftedOffset(response, fate.by)
  return response
}
