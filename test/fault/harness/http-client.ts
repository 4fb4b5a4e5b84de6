import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { JournalEntry } from './journal.ts'

export type Answer = Pick<JournalEntry, 'status' | 'code' | 'outcome' | 'order'>

/** Longer than the service may take by far; a paused service does not answer at all. */
const ANSWER_TIMEOUT_MS = 90_000

/**
 * Sends each request once: `fetch` would send a PUT again on a connection that broke.
 * Keeps its connections open, as clients do.
 */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true })

  /**
   * Resolves with status 0 and the error as code when no answer comes, or when the caller hangs up
   * before it. Never rejects.
   */
  async send(
    url: string,
    { kind, orderId, asked, key, traceparent }: JournalEntry,
    hangUpMs?: number,
  ): Promise<Answer> {
    const body = JSON.stringify({
      orderId,
      ...(kind === 'create' ? { numItems: asked } : { status: asked }),
    })
    try {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const sent = request(`${url}/api/${kind}-order`, {
        method: kind === 'create' ? 'POST' : 'PUT',
        agent: this.#agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          traceparent,
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        timeout: ANSWER_TIMEOUT_MS,
      })
      sent.on('error', reject)
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.on('response', (response) => {
        text(response).then((read) => resolve(toAnswer(response.statusCode ?? 0, read)), reject)
      })
      if (hangUpMs !== undefined) setTimeout(() => sent.destroy(new Error('hung up')), hangUpMs)
      sent.end(body)
      return await promise
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return { status: 0, code: code ?? message, outcome: undefined, order: undefined }
    }
  }

  close(): void {
    this.#agent.destroy()
  }
}

function toAnswer(status: number, body: string): Answer {
  const { code, outcome, data } = JSON.parse(body) as {
    code?: string
    outcome?: string
    data?: object
  }
  return { status, code, outcome, order: data === undefined ? undefined : JSON.stringify(data) }
}
