import assert from 'node:assert/strict'
import { subscribe } from 'node:diagnostics_channel'
import { secretsOf } from './secrets.ts'

/**
 * Looks at every answer that the tests get by `fetch` from a service: it must hold no secret of the
 * service's settings, and no credential that a test has shown to it, and nor must its log. fetch says on
 * diagnostics channels what it sends and gets.
 */

type Settings = Readonly<Record<string, string | undefined>>

/** A key, a token or a session's cookie; what is shorter is a word that a test made up. */
const CREDENTIAL_LENGTH_MIN = 16

interface Exchange {
  readonly origin: string
  readonly path: string
  /** Names and values in turns. */
  readonly headers: readonly unknown[]
}

export class WatchedAnswers {
  readonly #settings: Settings
  readonly #secrets: Set<string>
  readonly #leaks: string[] = []
  /** The end of what came last of each answer: a secret may come in two pieces. */
  readonly #ends = new WeakMap<Exchange, string>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#secrets = new Set(secretsOf(settings))
  }

  hearRequest({ headers }: Exchange): void {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const [name, value] = [String(headers[index]).toLowerCase(), String(headers[index + 1])]
      if (name !== 'authorization' && name !== 'cookie') continue
      const credential = value.slice(value.search(/[ =]/u) + 1)
      if (credential.length >= CREDENTIAL_LENGTH_MIN) this.#secrets.add(credential)
    }
  }

  hearAnswer(exchange: Exchange, chunk: Uint8Array): void {
    if (this.#secrets.size === 0) return
    const text = (this.#ends.get(exchange) ?? '') + Buffer.from(chunk).toString('latin1')
    let longest = 0
    for (const secret of this.#secrets) {
      if (text.includes(secret)) this.#leaks.push(`the answer to ${exchange.path} has ${secret}`)
      longest = Math.max(longest, secret.length)
    }
    this.#ends.set(exchange, text.slice(-longest))
  }

  /** `output`: all that the service has written. */
  assertNoLeak(output: string): void {
    // Once more: a file may hold another secret by now.
    const secrets = [...this.#secrets, ...secretsOf(this.#settings)]
    const shown = secrets.filter((secret) => output.includes(secret))
    assert.deepEqual(shown, [], `a secret is shown in:\n${output}`)
    assert.deepEqual(this.#leaks, [])
  }
}

/** By their ports. */
const services = new Map<string, WatchedAnswers>()

/** One service follows the other on a port. */
export function watchAnswers(port: string, settings: Settings): WatchedAnswers {
  const watched = new WatchedAnswers(settings)
  services.set(port, watched)
  return watched
}

function serviceOf({ origin }: Exchange): WatchedAnswers | undefined {
  return services.get(URL.parse(origin)?.port ?? '')
}

subscribe('undici:request:create', (message) => {
  const { request } = message as { readonly request: Exchange }
  serviceOf(request)?.hearRequest(request)
})

subscribe('undici:request:bodyChunkReceived', (message) => {
  const { request, chunk } = message as { readonly request: Exchange; readonly chunk: Uint8Array }
  serviceOf(request)?.hearAnswer(request, chunk)
})
