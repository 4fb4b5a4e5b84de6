import assert from 'node:assert/strict'
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { secretsOf } from './secrets.ts'

/**
 * Looks at every answer that the tests get from a service: it must hold no secret of the service's
 * settings, and no credential that a test has shown to it, and nor must its log. For a service that is a process of its own,
 * diagnostics channels say what is sent and comes: of `fetch` and of `node:http` the bodies, also over
 * TLS; of each connection without TLS the bytes, which have the headers, too.
 */

type Settings = Readonly<Record<string, string | undefined>>

type Headers = Iterable<readonly [name: string, value: unknown]>

/** A key, a token or a session's cookie; what is shorter is a word that a test made up. */
const CREDENTIAL_LENGTH_MIN = 16

export class WatchedAnswers {
  readonly #settings: Settings
  readonly #secrets: Set<string>
  readonly #leaks: string[] = []
  /** The end of what came last of each answer: a secret may come in two pieces. */
  readonly #ends = new WeakMap<object, string>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#secrets = new Set(secretsOf(settings))
  }

  hearRequest(headers: Headers): void {
    for (const [name, value] of headers) {
      if (!/^(?:authorization|cookie)$/i.test(name)) continue
      const text = String(value)
      const credential = text.slice(text.search(/[ =]/u) + 1)
      if (credential.length >= CREDENTIAL_LENGTH_MIN) this.#secrets.add(credential)
    }
  }

  /** `answer` is what the chunks of one answer have in common, and `name` says which one it is. */
  hearAnswer(answer: object, name: string, chunk: string | Uint8Array): void {
    if (this.#secrets.size === 0) return
    // Byte by byte, so that no character is cut in two.
    const text = (this.#ends.get(answer) ?? '') + toLatin1(chunk)
    let longest = 0
    for (const secret of this.#secrets) {
      const bytes = toLatin1(secret)
      if (text.includes(bytes)) this.#leaks.push(`${name} has ${secret}`)
      longest = Math.max(longest, bytes.length)
    }
    this.#ends.set(answer, text.slice(-longest))
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

function toLatin1(text: string | Uint8Array): string {
  return Buffer.from(text as string).toString('latin1')
}

/** By their ports. */
const services = new Map<string, WatchedAnswers>()

/** One service follows the other on a port. */
export function watchAnswers(port: string, settings: Settings): WatchedAnswers {
  const watched = new WatchedAnswers(settings)
  services.set(port, watched)
  return watched
}

/** Calls back with each chunk that is about to be read from the stream. */
function hearChunks(stream: Socket | IncomingMessage, hear: (chunk: Uint8Array) => void): void {
  const push = stream.push.bind(stream)
  stream.push = (chunk: Uint8Array | null, encoding) => {
    if (chunk !== null) hear(chunk)
    return push(chunk, encoding)
  }
}

interface FetchRequest {
  readonly origin: string
  readonly path: string
  /** Names and values in turns. */
  readonly headers: readonly unknown[]
}

function serviceOf({ origin }: FetchRequest): WatchedAnswers | undefined {
  return services.get(URL.parse(origin)?.port ?? '')
}

subscribe('undici:request:create', (message) => {
  const { request } = message as { readonly request: FetchRequest }
  const { headers } = request
  const names = headers.filter((_, index) => index % 2 === 0)
  serviceOf(request)?.hearRequest(
    names.map((name, index) => [String(name), headers[2 * index + 1]] as const),
  )
})

subscribe('undici:request:bodyChunkReceived', (message) => {
  const { request, chunk } = message as {
    readonly request: FetchRequest
    readonly chunk: Uint8Array
  }
  serviceOf(request)?.hearAnswer(request, `the answer to ${request.path}`, chunk)
})

subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as {
    readonly request: ClientRequest
    readonly response: IncomingMessage
  }
  const watched = services.get(String(response.socket.remotePort))
  if (watched === undefined) return
  watched.hearRequest(Object.entries(request.getHeaders()))
  hearChunks(response, (chunk) =>
    watched.hearAnswer(response, `the answer to ${request.path}`, chunk),
  )
})

subscribe('net.client.socket', (message) => {
  const { socket } = message as { readonly socket: Socket }
  hearChunks(socket, (chunk) => {
    const { remotePort } = socket
    services.get(String(remotePort))?.hearAnswer(socket, `a connection to ${remotePort}`, chunk)
  })
})
