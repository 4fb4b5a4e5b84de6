import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  preValidationHookHandler,
  RouteOptions,
} from 'fastify'
import type { ChangeAdmission, ChangePlace } from '../../business/admission/change-admission.ts'
import type { Measures } from '../../business/measures/measures.ts'
import type { Clock, Random } from '../../business/ports.ts'
import { tooManyChanges, tooManyLists, tooManyReads } from '../../business/refusals.ts'
import { limitOrMost } from '../schemas/list-requests.ts'
import { createFullAnswer, type FullAnswer } from './full-answer.ts'
import { ListPlaces } from './list-places.ts'
import { QuickRefusals } from './quick-refusals.ts'
import type { SocketLine } from './socket-line.ts'
import { keepPlace, stayUntilDone } from './stay.ts'

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

/** Reads at work at once, from their arrival until their answers are taken and their work is over. */
export const READS_AT_WORK_MAX = 512

/** How many changes may be at work is for business to say. */
export type ChangePlaces = Pick<ChangeAdmission, 'enter' | 'isFull' | 'outcomeOfRefusal'>

export interface AdmissionDeps {
  readonly changes: ChangePlaces
  readonly clock: Clock
  readonly random: Random
  readonly lineOf: (socket: Socket) => SocketLine | undefined
  readonly onConnection: (listener: (socket: Socket, line: SocketLine) => void) => void
  readonly isHostAllowed: (host: string) => boolean
  readonly isDraining: () => boolean
  readonly measures: Pick<Measures, 'turnedAway'>
}

/**
 * Lets a request in, or turns it away, by what it asks for. That is in `onRequest`, before a body is read:
 * to say no has to cost little. A change is asked again when its body is here, because a body can be kept
 * back. Call it before the routes are registered, and after the hooks that judge every request. HEAD is
 * admitted as GET is.
 */
export function admitWork(server: FastifyInstance, deps: AdmissionDeps): void {
  const hooks = createHooks(deps)
  server.addHook('onRoute', (route: RouteOptions) => {
    const { enter, begin } = hooks(route.config?.work ?? { kind: 'read' })
    if (enter === undefined) return
    route.onRequest = [enter, ...[route.onRequest ?? []].flat()]
    if (begin !== undefined) route.preValidation = [begin, ...[route.preValidation ?? []].flat()]
    route.handler = keepPlace(route.handler)
  })
}

interface Hooks {
  readonly enter?: onRequestHookHandler
  /** When the body is here. */
  readonly begin?: preValidationHookHandler
}

function createHooks(deps: AdmissionDeps): (work: Work) => Hooks {
  const { changes, random, lineOf } = deps
  const { turnedAway } = deps.measures
  const placesOfChanges = new WeakMap<FastifyRequest, ChangePlace>()
  const lists = new ListPlaces(deps.clock)
  let readCount = 0

  function createRefusal(work: Work['kind'], answer: FullAnswer) {
    return (request: FastifyRequest, reply: FastifyReply): void => {
      turnedAway.add([work])
      reply.hijack()
      // An earlier hook has seen that nothing behind this answer is carried out.
      answer.give(reply.raw, request.id, reply.hasHeader('connection'))
    }
  }
  const changeAnswers = {
    'not-applied': createFullAnswer(tooManyChanges('not-applied'), random),
    unknown: createFullAnswer(tooManyChanges('unknown'), random),
  }
  const refuseChange = {
    'not-applied': createRefusal('change', changeAnswers['not-applied']),
    unknown: createRefusal('change', changeAnswers.unknown),
  }
  const refuseRead = createRefusal('read', createFullAnswer(tooManyReads(), random))
  const refuseList = createRefusal('list', createFullAnswer(tooManyLists(), random))
  const quickRefusals = new QuickRefusals({
    ...deps,
    answerFor: (outcome) => {
      turnedAway.add(['change'])
      return changeAnswers[outcome].textFor(randomUUID())
    },
  })

  deps.onConnection((socket, line) => {
    if (changes.isFull()) quickRefusals.watch(socket, line)
  })

  function takeAlone({ raw }: FastifyRequest, begin: (line?: SocketLine) => void): void {
    const line = lineOf(raw.socket)
    // Without a socket there is nothing before and behind.
    if (line === undefined) begin()
    else line.takeAlone(() => begin(line))
  }

  function turnChangeAway(request: FastifyRequest, reply: FastifyReply): void {
    const hasRetryKey = request.headers['idempotency-key'] !== undefined
    const { socket } = request.raw
    const line = lineOf(socket)
    if (line !== undefined) quickRefusals.watch(socket, line)
    refuseChange[changes.outcomeOfRefusal(hasRetryKey)](request, reply)
  }

  const enterChange: onRequestHookHandler = (request, reply, done) => {
    const place = changes.enter()
    if (place === undefined) return turnChangeAway(request, reply)
    placesOfChanges.set(request, place)
    stayUntilDone(reply.raw, () => place.leave())
    done()
  }

  const beginChange: preValidationHookHandler = (request, reply, done) => {
    if (placesOfChanges.get(request)?.begin() === false) return turnChangeAway(request, reply)
    done()
  }

  const leaveRead = (): void => {
    readCount -= 1
  }

  const enterRead: onRequestHookHandler = (request, reply, done) => {
    if (readCount >= READS_AT_WORK_MAX) return refuseRead(request, reply)
    readCount += 1
    stayUntilDone(reply.raw, leaveRead)
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
        // Before it enters: it may begin at once.
        stayUntilDone(reply.raw, () => leave())
        const leave = lists.enter({
          bytesMax: limitOrMost(request.query) * entryBytesMax,
          begin: () => done(),
          refuse: () => refuseList(request, reply),
          cut: () => request.raw.socket.destroy(),
        })
      })
    }
  }

  return (work) => {
    switch (work.kind) {
      case 'change':
        return { enter: enterChange, begin: beginChange }
      case 'read':
        return { enter: enterRead }
      case 'list':
        return { enter: enterList(work.entryBytesMax) }
      case 'stream':
        return { enter: enterStream }
      case 'nothing':
        return {}
    }
  }
}
