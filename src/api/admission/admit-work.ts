import type { Socket } from 'node:net'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  RouteOptions,
} from 'fastify'
import type { ChangeOutcome, CommandError } from '../../business/errors.ts'
import type { Clock, Random } from '../../business/ports.ts'
import { tooManyChanges, tooManyLists, tooManyReads } from '../../business/refusals.ts'
import { limitOrMost } from '../schemas/list-requests.ts'
import { createFullAnswer } from './full-answer.ts'
import { ListPlaces } from './list-places.ts'
import type { SocketLine } from './socket-line.ts'

/** What a route's request asks for. A route that does not say it is a `read`. */
export type Work =
  | { readonly kind: 'change' }
  /** An answer of its own, of a size that does not depend on the request. */
  | { readonly kind: 'read' }
  /** Up to `limit` entries of at most so many bytes each. */
  | { readonly kind: 'list'; readonly entryBytesMax: number }
  /** An answer that does not end. */
  | { readonly kind: 'stream' }
  /** Answered always: it costs nothing, or is what tells that the service lives. */
  | { readonly kind: 'nothing' }

export const NO_WORK: Work = { kind: 'nothing' }

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly work?: Work
  }
}

/** Reads at work at once, from their arrival until their answers are taken. */
export const READS_AT_WORK_MAX = 512

/** How many changes may be at work is for business to say. */
export interface ChangePlaces {
  /** Undefined: there is no place. Otherwise to be called once, when the answer is taken or the client left. */
  enter(): (() => void) | undefined
  /** What a request that has no place can be told, of which nobody has read the body. */
  outcomeOfRefusal(hasRetryKey: boolean): ChangeOutcome
}

export interface AdmissionDeps {
  readonly changes: ChangePlaces
  readonly clock: Clock
  readonly random: Random
  readonly isDraining: () => boolean
  readonly lineOf: (socket: Socket) => SocketLine | undefined
}

/**
 * Lets a request in, or turns it away, by what it asks for. That is in `onRequest`, before a body is read:
 * to say no has to cost little. Call it before the routes are registered, and after the hooks that judge
 * every request. HEAD is admitted as GET is.
 */
export function admitWork(server: FastifyInstance, deps: AdmissionDeps): void {
  const hooks = createHooks(deps)
  server.addHook('onRoute', (route: RouteOptions) => {
    const hook = hooks(route.config?.work ?? { kind: 'read' })
    if (hook !== undefined) route.onRequest = [hook, ...[route.onRequest ?? []].flat()]
  })
}

function createHooks(deps: AdmissionDeps): (work: Work) => onRequestHookHandler | undefined {
  const { changes, random, isDraining, lineOf } = deps
  const lists = new ListPlaces(deps.clock)
  let readCount = 0

  function createRefusal(
    error: CommandError,
  ): (request: FastifyRequest, reply: FastifyReply) => void {
    const answer = createFullAnswer(error, random)
    return (request, reply) => {
      reply.hijack()
      answer(reply.raw, request.id, isDraining())
    }
  }
  const refuseChange = {
    'not-applied': createRefusal(tooManyChanges('not-applied')),
    unknown: createRefusal(tooManyChanges('unknown')),
  }
  const refuseRead = createRefusal(tooManyReads())
  const refuseList = createRefusal(tooManyLists())

  function takeAlone({ raw }: FastifyRequest, begin: (line?: SocketLine) => void): void {
    const line = lineOf(raw.socket)
    // Without a socket there is nothing before and behind.
    if (line === undefined) begin()
    else line.takeAlone(() => begin(line))
  }

  const enterChange: onRequestHookHandler = (request, reply, done) => {
    const leave = changes.enter()
    if (leave === undefined) {
      const hasRetryKey = request.headers['idempotency-key'] !== undefined
      return refuseChange[changes.outcomeOfRefusal(hasRetryKey)](request, reply)
    }
    reply.raw.once('close', leave)
    done()
  }

  const leaveRead = (): void => {
    readCount -= 1
  }

  const enterRead: onRequestHookHandler = (request, reply, done) => {
    if (readCount >= READS_AT_WORK_MAX) return refuseRead(request, reply)
    readCount += 1
    reply.raw.once('close', leaveRead)
    done()
  }

  const enterStream: onRequestHookHandler = (request, _reply, done) => {
    takeAlone(request, (line) => {
      if (line !== undefined) line.isStreaming = true
      done()
    })
  }

  // A page is large: a socket has one at a time, however many it has asked for.
  function enterList(entryBytesMax: number): onRequestHookHandler {
    return (request, reply, done) => {
      takeAlone(request, () => {
        const leave = lists.enter({
          bytesMax: limitOrMost(request.query) * entryBytesMax,
          begin: () => done(),
          refuse: () => refuseList(request, reply),
        })
        reply.raw.once('close', leave)
      })
    }
  }

  return (work) => {
    switch (work.kind) {
      case 'change':
        return enterChange
      case 'read':
        return enterRead
      case 'list':
        return enterList(work.entryBytesMax)
      case 'stream':
        return enterStream
      case 'nothing':
        return undefined
    }
  }
}
