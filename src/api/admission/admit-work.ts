import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  preValidationHookHandler,
  RouteOptions,
} from 'fastify'
import type { ChangeAdmission } from '../../business/admission/change-admission.ts'
import type { ChangeOutcome, CommandError } from '../../business/errors.ts'
import type { Measures } from '../../business/measures/measures.ts'
import type { Clock, Random } from '../../business/ports.ts'
import { tooManyChanges, tooManyLists, tooManyReads } from '../../business/refusals.ts'
import { BODY_BYTES_MAX } from '../json-body.ts'
import { limitOrMost } from '../schemas/list-requests.ts'
import { originHeadersOf } from '../security/cors.ts'
import { BodyRoom, type BodyPlace } from './body-room.ts'
import { createFullAnswer, type FullAnswer } from './full-answer.ts'
import { LIST_BYTES_MAX, ListPlaces } from './list-places.ts'
import { QuickRefusals } from './quick-refusals.ts'
import { ReadPlaces } from './read-places.ts'
import type { SocketLine } from './socket-line.ts'
import { isOver, keepPlace, stayUntilDone, unlessGone } from './stay.ts'
import { UntakenAnswers } from './untaken-answers.ts'

/** What a route's request asks for. A route that does not say it is a `read`. */
export type Work =
  | { readonly kind: 'change' }
  /** An answer of its own, of at most `bytesMax` bytes, or as large as a document of the service. */
  | { readonly kind: 'read'; readonly bytesMax?: () => number }
  /** Up to `limit` entries of at most so many bytes each, and no more than LIST_BYTES_MAX together. */
  | { readonly kind: 'list'; readonly entryBytesMax: () => number }
  /** An answer that does not end. */
  | { readonly kind: 'stream' }
  /** Answered always: it costs nothing, or is what tells that the service lives. */
  | { readonly kind: 'nothing' }

export const NO_WORK: Work = { kind: 'nothing' }

/** Of the largest document, the OpenAPI description, and of what tools and settings are answered with. */
const documentBytesMax = (): number => 128 * 1024

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly work?: Work
  }
  interface FastifyRequest {
    /** Undefined: it has no body, or was not let in. */
    visit: Visit | undefined
  }
}

/** How many changes may be at work is for business to say. */
export type ChangePlaces = Pick<ChangeAdmission, 'enter' | 'leave' | 'isFull' | 'outcomeOfRefusal'>

export interface AdmissionDeps {
  readonly changes: ChangePlaces
  readonly clock: Clock
  readonly random: Random
  readonly lineOf: (socket: Socket) => SocketLine | undefined
  readonly onConnection: (listener: (socket: Socket, line: SocketLine) => void) => void
  readonly isHostAllowed: (host: string) => boolean
  readonly isDraining: () => boolean
  /** How long a connection may be open without a request. */
  readonly keepAliveMs: number
  readonly measures: Pick<Measures, 'turnedAway' | 'requests'>
}

/**
 * Lets a request in, or turns it away, by what it asks for. That is in `onRequest`, before a body is read:
 * to say no has to cost little. A request gets room for its body then, and its place at work when the body
 * is here, because a client can keep it back. HEAD is admitted as GET is. Call it before the routes are
 * registered, and after the hooks that judge every request.
 */
export function admitWork(server: FastifyInstance, deps: AdmissionDeps): void {
  const hooks = createHooks(deps)
  server.decorateRequest('stay', undefined)
  server.decorateRequest('visit', undefined)
  server.addHook('onRoute', (route: RouteOptions) => {
    const { enter, begin } = hooks(route.config?.work ?? { kind: 'read' }, route)
    if (enter === undefined) return
    route.onRequest = [unlessGone(enter), ...[route.onRequest ?? []].flat()]
    if (begin !== undefined) route.preValidation = [begin, ...[route.preValidation ?? []].flat()]
    route.handler = keepPlace(route.handler)
  })
}

interface Hooks {
  readonly enter?: onRequestHookHandler
  /** When the body is here. */
  readonly begin?: preValidationHookHandler
}

/** Where requests with bodies are at work. */
interface Places {
  readonly isFull: () => boolean
  /** False: there is none. */
  readonly enter: (reply: FastifyReply) => boolean
  readonly leave: (reply: FastifyReply) => void
  readonly refuse: (request: FastifyRequest, reply: FastifyReply) => void
  readonly refusalOf: (request: FastifyRequest) => CommandError
}

/** A request that was let in with its head. */
interface Visit {
  readonly room: BodyPlace
  isAtWork: boolean
}

function createHooks(deps: AdmissionDeps): (work: Work, route: RouteOptions) => Hooks {
  const { changes, random, lineOf, clock } = deps
  const { turnedAway, requests } = deps.measures
  const bodies = new BodyRoom(clock)
  const lists = new ListPlaces(clock)
  const reads = new ReadPlaces(clock)
  const untaken = new UntakenAnswers(clock)

  function createRefusal(work: Work['kind'], answer: FullAnswer) {
    return (request: FastifyRequest, reply: FastifyReply): void => {
      turnedAway.add([work])
      reply.hijack()
      // An earlier hook has seen that nothing behind this answer is carried out.
      const isLast = reply.hasHeader('connection')
      const more = [...originHeadersOf(reply), ...(isLast ? ['connection', 'close'] : [])]
      answer.give(reply.raw, request.id, more)
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
    answerFor: (outcome) => changeAnswers[outcome].textFor(randomUUID()),
    noteRefused({ method, path }, tookMs) {
      untaken.makeRoom()
      turnedAway.add(['change'])
      // Counted as every request is, though no route has seen it.
      requests.note([method, path, String(changeAnswers['not-applied'].status)], tookMs)
    },
  })

  deps.onConnection((socket, line) => quickRefusals.add(socket, line))

  function takeAlone({ raw }: FastifyRequest, begin: (line?: SocketLine) => void): void {
    const line = lineOf(raw.socket)
    // Without a socket there is nothing before and behind.
    if (line === undefined) begin()
    else line.takeAlone(() => begin(line))
  }

  function outcomeOfRefusal({ headers }: FastifyRequest): ChangeOutcome {
    return changes.outcomeOfRefusal(headers['idempotency-key'] !== undefined)
  }

  const changePlaces: Places = {
    isFull: () => changes.isFull(),
    enter({ raw }) {
      const hasPlace = changes.enter()
      if (hasPlace) untaken.add(raw)
      return hasPlace
    },
    leave({ raw }) {
      untaken.remove(raw)
      changes.leave()
    },
    refuse(request, reply) {
      untaken.makeRoom()
      quickRefusals.noteParsedRefusal()
      refuseChange[outcomeOfRefusal(request)](request, reply)
    },
    refusalOf: (request) => tooManyChanges(outcomeOfRefusal(request)),
  }

  const endsOfReads = new WeakMap<FastifyReply, () => void>()

  const bodyReadPlaces: Places = {
    isFull: () => reads.isFull(documentBytesMax()),
    enter(reply) {
      const leave = reads.enter(documentBytesMax(), () => reply.request.raw.socket.destroy())
      if (leave !== undefined) endsOfReads.set(reply, leave)
      return leave !== undefined
    },
    leave: (reply) => endsOfReads.get(reply)?.(),
    refuse: refuseRead,
    refusalOf: tooManyReads,
  }

  function enterRead(bytesMax: () => number): onRequestHookHandler {
    return (request, reply, done) => {
      const leave = reads.enter(bytesMax(), () => request.raw.socket.destroy())
      if (leave === undefined) return refuseRead(request, reply)
      stayUntilDone(request, reply, leave)
      done()
    }
  }

  /** For requests that have bodies: room for it first, and a place when it is here. */
  function createBodyHooks(places: Places, bytesMax: number): Hooks {
    return {
      enter(request, reply, done) {
        const { raw } = request
        const room = places.isFull() ? undefined : bodies.enter(bodyBytes(raw, bytesMax), turnAway)
        if (room === undefined) return places.refuse(request, reply)
        const visit: Visit = { room, isAtWork: false }
        request.visit = visit
        stayUntilDone(request, reply, () => {
          bodies.leave(room)
          if (visit.isAtWork) places.leave(reply)
        })
        done()

        // Fastify gives up what it has of the body, and the error handler answers and counts.
        function turnAway(): void {
          raw.emit('error', places.refusalOf(request))
        }
      },
      begin(request, reply, done) {
        const { visit } = request
        if (visit === undefined || isOver(request)) return void reply.hijack()
        bodies.noteArrived(visit.room, request.bodyBytes)
        visit.isAtWork = places.enter(reply)
        if (!visit.isAtWork) return places.refuse(request, reply)
        done()
      },
    }
  }

  const enterStream: onRequestHookHandler = (request, _reply, done) => {
    takeAlone(request, (line) => {
      if (line !== undefined) line.isStreaming = true
      done()
    })
  }

  // A page is large: a socket has one at a time, however many it has asked for.
  function enterList(entryBytesMax: () => number): onRequestHookHandler {
    return (request, reply, done) => {
      takeAlone(request, () => {
        // Before it enters: it may begin at once.
        stayUntilDone(request, reply, () => leave())
        const leave = lists.enter({
          bytesMax: Math.min(limitOrMost(request.query) * entryBytesMax(), LIST_BYTES_MAX),
          begin: () => done(),
          refuse: () => refuseList(request, reply),
          cut: () => request.raw.socket.destroy(),
        })
      })
    }
  }

  return (work, { method, bodyLimit = BODY_BYTES_MAX }) => {
    switch (work.kind) {
      case 'change':
        return createBodyHooks(changePlaces, bodyLimit)
      case 'read':
        if (!hasBody(method)) return { enter: enterRead(work.bytesMax ?? documentBytesMax) }
        return createBodyHooks(bodyReadPlaces, bodyLimit)
      case 'list':
        return { enter: enterList(work.entryBytesMax) }
      case 'stream':
        return { enter: enterStream }
      case 'nothing':
        return {}
    }
  }
}

export function kindOfWork({ routeOptions }: FastifyRequest): Work['kind'] {
  return routeOptions.config.work?.kind ?? 'read'
}

/** Nothing behind it begins meanwhile. */
export function takesSocketAlone(request: FastifyRequest): boolean {
  const kind = kindOfWork(request)
  return kind === 'list' || kind === 'stream'
}

function hasBody(method: RouteOptions['method']): boolean {
  return [method].flat().some((one) => one !== 'GET' && one !== 'HEAD')
}

/** What the body of a request may take: what its head says, and where it does not, the most that is read. */
function bodyBytes({ headers }: IncomingMessage, bytesMax: number): number {
  if (headers['transfer-encoding'] !== undefined) return bytesMax
  return Math.min(Number(headers['content-length'] ?? 0), bytesMax)
}
