import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'

/** Whose answers it gives where registries differ. */
export type RegistryDialect = 'confluent' | 'apicurio'

/** What it does instead of its work. */
export type Interference =
  | { readonly kind: 'silence' }
  | { readonly kind: 'hang-up' }
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
    }

export interface RecordedRequest {
  readonly method: string
  /** Decoded, without its query. */
  readonly path: string
  readonly query: string
  readonly authorization: string | undefined
}

interface Subject {
  readonly versions: Array<{ readonly id: number; readonly schema: string }>
  level: string | undefined
}

interface Rule {
  readonly matches: RegExp
  readonly interference: Interference
  times: number
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A Schema Registry in memory, on a free port of its own, that fails as it is told. */
export class FakeRegistry {
  readonly requests: RecordedRequest[] = []
  /** Emits `request` when one has come, before it is answered. */
  readonly arrivals = new EventEmitter<{ request: [RecordedRequest] }>()
  /** The time in its answers; undefined: the truth. */
  date: Date | undefined
  readonly #dialect: RegistryDialect
  readonly #subjects = new Map<string, Subject>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #rules: Rule[] = []
  #incompatibility: readonly string[] | undefined
  #lastId: number
  #port = 0

  private constructor(dialect: RegistryDialect, lastId: number) {
    this.#dialect = dialect
    this.#lastId = lastId
  }

  /** Ids are given out from `firstId` on. */
  static async start(dialect: RegistryDialect = 'confluent', firstId = 1): Promise<FakeRegistry> {
    const registry = new FakeRegistry(dialect, firstId - 1)
    await registry.resume()
    return registry
  }

  /** The API is under every path as well, because Apicurio has it under one. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** `times` requests whose `METHOD /path` matches get this instead of an answer. */
  interfere(interference: Interference, times = Infinity, matches = /^/): void {
    this.#rules.push({ matches, interference, times })
  }

  recover(): void {
    this.#rules = []
  }

  /** From now on new schemas are refused for these reasons; undefined takes that back. */
  declareIncompatible(reasons: readonly string[] | undefined): void {
    this.#incompatibility = reasons
  }

  /** Registers without being asked over HTTP. */
  add(subject: string, schema: string): number {
    const { versions } = this.#subjectOf(subject)
    const known = [...this.#subjects.values()].flatMap((other) => other.versions)
    const id = known.find((version) => isSame(version.schema, schema))?.id ?? ++this.#lastId
    if (!versions.some((version) => version.id === id)) versions.push({ id, schema })
    return id
  }

  /** As when another client registers an equal schema in other words: lookups answer the newest. */
  addEqual(subject: string, schema: string): number {
    const id = ++this.#lastId
    this.#subjectOf(subject).versions.unshift({ id, schema })
    return id
  }

  levelOf(subject: string): string | undefined {
    return this.#subjects.get(subject)?.level
  }

  setLevel(subject: string, level: string | undefined): void {
    this.#subjectOf(subject).level = level
  }

  /** As a registry without durable storage does over a restart. Ids continue, or begin again at `firstId`. */
  forget(firstId = this.#lastId + 1): void {
    this.#subjects.clear()
    this.#lastId = firstId - 1
  }

  /** `METHOD /path` of every request so far. */
  get asked(): readonly string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`)
  }

  /** Refuses connections until {@link resume}. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async resume(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? ''
    const url = new URL(request.url ?? '/', this.url)
    const path = decodeURIComponent(url.pathname)
    const { authorization } = request.headers
    const recorded = { method, path, query: url.search, authorization }
    this.requests.push(recorded)
    const body = await readText(request)
    this.arrivals.emit('request', recorded)
    const rule = this.#rules.find(
      ({ times, matches }) => times > 0 && matches.test(`${method} ${path}`),
    )
    if (rule !== undefined) {
      rule.times--
      interrupt(rule.interference, request, response)
      return
    }
    if (this.date !== undefined) response.setHeader('date', this.date.toUTCString())
    const { status, body: answer } = this.#answer(method, path, parse(body))
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(answer))
  }

  #answer(method: string, path: string, body: Record<string, string>): Answer {
    const [, subject = ''] = /\/subjects\/(.+?)(?:\/versions)?$/.exec(path) ?? []
    const [, configured = ''] = /\/config\/([^/]+)$/.exec(path) ?? []
    const { schema = '', compatibility = '' } = body
    if (path.includes('/compatibility/')) return this.#check(subject)
    if (configured !== '' && method === 'GET') return this.#readLevel(configured)
    if (configured !== '' && method === 'PUT') {
      this.setLevel(configured, compatibility)
      return { status: 200, body: { compatibility } }
    }
    const [, wantedId] = /\/schemas\/ids\/(\d+)$/.exec(path) ?? []
    if (wantedId !== undefined) return this.#schemaById(Number(wantedId))
    if (method === 'GET' && path.endsWith('/versions')) return this.#listVersions(subject)
    if (method === 'POST' && path.endsWith('/versions')) return this.#register(subject, schema)
    if (method === 'POST' && subject !== '') return this.#lookUp(subject, schema)
    return problem(404, 404, 'HTTP 404 Not Found')
  }

  #schemaById(schemaId: number): Answer {
    const versions = [...this.#subjects.values()].flatMap((subject) => subject.versions)
    const found = versions.find(({ id }) => id === schemaId)
    return found === undefined
      ? problem(404, 40403, 'Schema not found')
      : { status: 200, body: { schema: found.schema } }
  }

  #lookUp(subject: string, schema: string): Answer {
    const versions = this.#subjects.get(subject)?.versions ?? []
    if (versions.length === 0) return problem(404, 40401, `Subject '${subject}' not found.`)
    const index = versions.findIndex((version) => isSame(version.schema, schema))
    const found = versions[index]
    if (found === undefined) return problem(404, 40403, 'Schema not found')
    return { status: 200, body: { subject, version: index + 1, ...found } }
  }

  #listVersions(subject: string): Answer {
    const versions = this.#subjects.get(subject)?.versions ?? []
    if (versions.length === 0) return problem(404, 40401, `Subject '${subject}' not found.`)
    return { status: 200, body: versions.map((_, index) => index + 1) }
  }

  #register(subject: string, schema: string): Answer {
    if (this.#incompatibility !== undefined) {
      const reasons = this.#incompatibility.join(', ')
      return problem(409, 409, `Incompatible schema, details: [${reasons}]`)
    }
    return { status: 200, body: { id: this.add(subject, schema) } }
  }

  #check(subject: string): Answer {
    if (this.#dialect === 'apicurio' && !this.#subjects.has(subject)) {
      return problem(404, 40401, `No artifact with ID '${subject}' in group 'null' was found.`)
    }
    const reasons = this.#incompatibility
    const isCompatible = { is_compatible: reasons === undefined }
    if (this.#dialect === 'apicurio') return { status: 200, body: isCompatible }
    return { status: 200, body: { ...isCompatible, messages: reasons ?? [] } }
  }

  #readLevel(subject: string): Answer {
    const level = this.levelOf(subject)
    if (level !== undefined) return { status: 200, body: { compatibilityLevel: level } }
    if (this.#dialect === 'confluent') {
      const message = `Subject '${subject}' does not have subject-level compatibility configured`
      return problem(404, 40408, message)
    }
    if (this.#subjects.has(subject)) return { status: 200, body: { compatibilityLevel: 'NONE' } }
    return problem(404, 40401, `No artifact with ID '${subject}' in group 'null' was found.`)
  }

  #subjectOf(name: string): Subject {
    const subject = this.#subjects.get(name) ?? { versions: [], level: undefined }
    this.#subjects.set(name, subject)
    return subject
  }
}

function interrupt(
  interference: Interference,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  switch (interference.kind) {
    case 'silence':
      return
    case 'hang-up':
      request.socket.destroy()
      return
    case 'answer':
      response.writeHead(interference.status, interference.headers).end(interference.body)
  }
}

function problem(status: number, errorCode: number, message: string): Answer {
  return { status, body: { error_code: errorCode, message } }
}

/** In the normal form of this fake: layout does not matter. */
function isSame(one: string, other: string): boolean {
  return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other))
}

function parse(body: string): Record<string, string> {
  return body === '' ? {} : (JSON.parse(body) as Record<string, string>)
}
