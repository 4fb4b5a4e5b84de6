import type { ServerResponse } from 'node:http'
import type {
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  RouteHandlerMethod,
} from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined: it takes no place. */
    stay: Stay | undefined
  }
}

/**
 * How long a request keeps its place: until the client has taken the answer or has left, and its work is
 * over, too. A client that leaves does not end what was begun for it: the change is still stored, the
 * list is still read. With a place given back at once, one client could have any number of them at work.
 */
class Stay {
  readonly #leave: () => void
  #isClosed = false
  #isWorking = false
  #isOver = false

  constructor(leave: () => void) {
    this.#leave = leave
  }

  get isOver(): boolean {
    return this.#isOver
  }

  begin(work: PromiseLike<unknown>): void {
    this.#isWorking = true
    const end = (): void => {
      this.#isWorking = false
      this.#endIfDone()
    }
    work.then(end, end)
  }

  close(): void {
    this.#isClosed = true
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#isOver || this.#isWorking || !this.#isClosed) return
    this.#isOver = true
    this.#leave()
  }
}

/** Calls `leave` once, when the request has left. */
export function stayUntilDone(
  request: FastifyRequest,
  { raw }: FastifyReply,
  leave: () => void,
): void {
  const stay = new Stay(leave)
  request.stay = stay
  raw.on('close', () => stay.close())
}

/** The request has left. */
export function isOver({ stay }: FastifyRequest): boolean {
  return stay?.isOver === true
}

/**
 * A client may have left while an earlier hook waited, for the keys of its token for example. No event
 * says so after that, and it would never leave its place.
 */
export function unlessGone(enter: onRequestHookHandler): onRequestHookHandler {
  return function enterUnlessGone(request, reply, done) {
    if (reply.raw.destroyed) return void reply.hijack()
    return enter.call(this, request, reply, done)
  }
}

/** Aborted when the client has left, or has its answer. */
export function leavingOf(response: ServerResponse): AbortSignal {
  const leaving = new AbortController()
  if (response.destroyed) leaving.abort()
  else response.once('close', () => leaving.abort())
  return leaving.signal
}

/** The same handler, whose work keeps the place of its request. It is not begun for one that has left. */
export function keepPlace(handler: RouteHandlerMethod): RouteHandlerMethod {
  return function handleInPlace(request, reply) {
    const { stay } = request
    if (isOver(request)) return void reply.hijack()
    const work: unknown = handler.call(this, request, reply)
    if (isPromise(work)) stay?.begin(work)
    return work
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}
