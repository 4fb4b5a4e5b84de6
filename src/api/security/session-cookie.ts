import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Seal } from '../../business/callers/seal.ts'
import type { Clock } from '../../business/ports.ts'

/** A working day. The credential within may end before. */
const SESSION_MS_MAX = 12 * 3_600_000

/** Browsers take a cookie of 4,096 bytes, its name and attributes included. */
const COOKIE_BYTES_MAX = 3_900

/** By this prefix a browser takes it over TLS alone, and from this host alone. */
const SECURE_NAME = '__Host-cart-session'

/** Without TLS, such as on a developer's machine. */
const PLAIN_NAME = 'cart-session'

const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict'

interface SessionDeps {
  readonly seal: Seal
  readonly clock: Pick<Clock, 'now'>
  /** Browsers reach the service over TLS whatever this process sees of it. */
  readonly isPublicOverTls: boolean
}

/**
 * The session of a browser: its credential and an end, sealed, in a cookie that scripts cannot read. So
 * no instance keeps sessions, and a key that is withdrawn ends them. It has no Max-Age: it goes with the
 * browser.
 */
export class SessionCookie {
  readonly #deps: SessionDeps

  constructor(deps: SessionDeps) {
    this.#deps = deps
  }

  /** False where the credential is too long for a cookie. */
  begin(request: FastifyRequest, reply: FastifyReply, credential: string): boolean {
    const { seal, clock } = this.#deps
    const sealed = seal.close(JSON.stringify([clock.now().getTime() + SESSION_MS_MAX, credential]))
    if (sealed.length > COOKIE_BYTES_MAX) return false
    reply.header('set-cookie', this.#cookie(request, sealed, ''))
    return true
  }

  end(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('set-cookie', this.#cookie(request, '', '; Max-Age=0'))
  }

  /** The credential; undefined where there is no session, or it is over. */
  read(request: FastifyRequest): string | undefined {
    const sealed = readCookie(request.headers.cookie, this.#nameFor(request))
    const text = sealed === undefined ? undefined : this.#deps.seal.open(sealed)
    if (text === undefined) return undefined
    const [endsAtMs, credential] = JSON.parse(text) as [number, string]
    return this.#deps.clock.now().getTime() < endsAtMs ? credential : undefined
  }

  #cookie(request: FastifyRequest, value: string, more: string): string {
    const secure = this.#isOverTls(request) ? '; Secure' : ''
    return `${this.#nameFor(request)}=${value}; ${ATTRIBUTES}${secure}${more}`
  }

  #nameFor(request: FastifyRequest): string {
    return this.#isOverTls(request) ? SECURE_NAME : PLAIN_NAME
  }

  #isOverTls({ protocol }: FastifyRequest): boolean {
    return this.#deps.isPublicOverTls || protocol === 'https'
  }
}

function readCookie(header: string | undefined, name: string): string | undefined {
  const start = `${name}=`
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? []
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length)
}
