import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Seal } from '../../business/callers/seal.ts'
import type { Clock } from '../../business/ports.ts'

/** Browsers take a cookie of 4,096 bytes, its name and attributes included. */
const COOKIE_BYTES_MAX = 3_900

/** By this prefix a browser takes it over TLS alone, and from this host alone. */
const SECURE_PREFIX = '__Host-'

export interface CookieRules {
  readonly name: string
  readonly sameSite: 'Strict' | 'Lax'
  /** What is in it may end before. */
  readonly lifetimeMs: number
}

/** Of a browser that has logged in: it holds its credential. A working day. */
export const SESSION: CookieRules = {
  name: 'cart-session',
  sameSite: 'Strict',
  lifetimeMs: 12 * 3_600_000,
}

/** Of one that is at its identity provider, from where it has to be sent along; time for a password. */
export const LOGIN: CookieRules = { name: 'cart-login', sameSite: 'Lax', lifetimeMs: 600_000 }

interface CookieDeps {
  readonly seal: Seal
  readonly clock: Pick<Clock, 'now'>
  /** Browsers reach the service over TLS whatever this process sees of it. */
  readonly isPublicOverTls: boolean
}

/**
 * A text and an end, sealed, in a cookie that scripts cannot read. So no instance keeps sessions, and a
 * key that is withdrawn ends them. It has no Max-Age: it goes with the browser. One seal closes all
 * cookies, so the name is sealed, too: a browser may send the content of one under the name of another.
 */
export class SealedCookie {
  readonly #rules: CookieRules
  readonly #deps: CookieDeps

  constructor(rules: CookieRules, deps: CookieDeps) {
    this.#rules = rules
    this.#deps = deps
  }

  /** False where the text is too long for a cookie. */
  begin(request: FastifyRequest, reply: FastifyReply, text: string): boolean {
    const { seal, clock } = this.#deps
    const endsAtMs = clock.now().getTime() + this.#rules.lifetimeMs
    const sealed = seal.close(JSON.stringify([this.#rules.name, endsAtMs, text]))
    if (sealed.length > COOKIE_BYTES_MAX) return false
    this.#set(request, reply, sealed, '')
    return true
  }

  end(request: FastifyRequest, reply: FastifyReply): void {
    this.#set(request, reply, '', '; Max-Age=0')
  }

  /** Undefined where there is none, it is over, or it is another cookie's. */
  read(request: FastifyRequest): string | undefined {
    const sealed = readCookie(request.headers.cookie, this.#nameFor(request))
    const opened = sealed === undefined ? undefined : this.#deps.seal.open(sealed)
    if (opened === undefined) return undefined
    const [name, endsAtMs, text] = JSON.parse(opened) as [string, number, string]
    const isOurs = name === this.#rules.name && this.#deps.clock.now().getTime() < endsAtMs
    return isOurs ? text : undefined
  }

  #set(request: FastifyRequest, reply: FastifyReply, value: string, more: string): void {
    const secure = this.#isOverTls(request) ? '; Secure' : ''
    const attributes = `Path=/; HttpOnly; SameSite=${this.#rules.sameSite}${secure}${more}`
    // Fastify adds another cookie to those that are there.
    reply.header('set-cookie', `${this.#nameFor(request)}=${value}; ${attributes}`)
  }

  #nameFor(request: FastifyRequest): string {
    return (this.#isOverTls(request) ? SECURE_PREFIX : '') + this.#rules.name
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
