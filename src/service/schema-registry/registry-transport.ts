/**
 * One HTTP exchange with a registry, over TLS where its address says so. Node's own client and not fetch,
 * which takes certificates only by a second copy of its inner parts, and refuses some ports.
 */
import * as http from 'node:http'
import * as https from 'node:https'
import { pipeline, type Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { TlsIdentity } from '../credentials/tls-identity.ts'

/** An answer holds one schema or one list of subjects; more is not a registry. */
export const ANSWER_BYTES_MAX = 1024 * 1024

export interface Exchange {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly location: string | undefined
  /** As it stands in the head. */
  readonly date: string | undefined
  /** Of its certificate. */
  readonly validity: { readonly fromMs: number; readonly untilMs: number } | undefined
  /** Undefined where there is more than a registry would send; the rest is not read. */
  readonly text: string | undefined
}

/** Rejects with the error of the network or the signal. */
export type ExchangeHttp = (exchange: Exchange) => Promise<HttpAnswer>

/** Connections are kept for the next question; without one they do not keep the process alive. */
export function createTransport(identity: TlsIdentity | undefined): ExchangeHttp {
  const plain = new http.Agent({ keepAlive: true })
  let secured: { readonly revision: string; readonly agent: https.Agent } | undefined

  /** One for one content of the files: a certificate that was replaced is used at the next question. */
  function securedAgent(): https.Agent {
    const { revision, context } = identity?.current() ?? { revision: '', context: undefined }
    if (secured?.revision !== revision) {
      secured?.agent.destroy()
      const options = { keepAlive: true, ...(context && { secureContext: context }) }
      secured = { revision, agent: new https.Agent(options) }
    }
    return secured.agent
  }

  return async ({ method, url, headers, body, signal }) => {
    const isSecured = url.startsWith('https:')
    const options = {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-length': byteLength(body) },
      signal,
      agent: isSecured ? securedAgent() : plain,
    }
    const request = isSecured ? https.request(url, options) : http.request(url, options)
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    request.once('response', resolve)
    // Also after the answer has begun: nobody else listens.
    request.on('error', reject)
    request.end(body)
    const response = await promise
    const { statusCode = 0, headers: answered } = response
    return {
      status: statusCode,
      location: answered.location,
      date: answered.date,
      validity: validityOf(response.socket),
      text: await readText(response),
    }
  }
}

function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

function validityOf(socket: unknown): HttpAnswer['validity'] {
  if (!(socket instanceof TLSSocket)) return undefined
  const { valid_from: from, valid_to: until } = socket.getPeerCertificate()
  return { fromMs: Date.parse(from), untilMs: Date.parse(until) }
}

async function readText(response: http.IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of decode(response) as AsyncIterable<Uint8Array>) {
    byteCount += chunk.byteLength
    if (byteCount > ANSWER_BYTES_MAX) {
      response.destroy()
      return undefined
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Nobody asks for these, and a proxy may send them all the same. */
function decode(response: http.IncomingMessage): Readable {
  const decoder = decoderOf(response.headers['content-encoding'])
  if (decoder === undefined) return response
  return pipeline(response, decoder, () => {})
}

function decoderOf(encoding: string | undefined) {
  if (encoding === 'gzip') return createGunzip()
  if (encoding === 'deflate') return createInflate()
  return encoding === 'br' ? createBrotliDecompress() : undefined
}
