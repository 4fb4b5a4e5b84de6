import type { Socket } from 'node:net'
import { AnswerReader, openSocket, type RawAnswer } from './raw-http.ts'

/** Of one answer, when nothing at all comes. */
const SILENCE_MS_MAX = 60_000

/** How often each answer came: `201`, or `503 SERVICE_FULL not-applied`. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(what: string, count = 1): void {
    if (count > 0) this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  count(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  get answers(): readonly string[] {
    return [...this.#counts.keys()]
  }

  get text(): string {
    const sorted = [...this.#counts].toSorted(([one], [other]) => one.localeCompare(other))
    return sorted.map(([what, count]) => `${count} × ${what}`).join(', ') || 'nothing'
  }
}

/** Sent, and the connection ended before the answer. */
export const UNANSWERED = 'no answer'

export function nameOf({ status, body }: RawAnswer): string {
  if (status < 400) return String(status)
  const { code, outcome } = JSON.parse(body) as { code?: string; outcome?: string }
  return [status, code, outcome].filter((part) => part !== undefined).join(' ')
}

/**
 * What an answer may be while Kafka, the registry and the store are well, however many ask: done, in
 * flight, or full with nothing done. Everything else is untrue.
 */
const TRUE_ANSWERS = new Set([
  '200',
  '201',
  '409 CHANGE_IN_FLIGHT',
  '409 REQUEST_IN_FLIGHT',
  '503 SERVICE_FULL not-applied',
  // Of reads, which have no outcome.
  '503 SERVICE_FULL',
  UNANSWERED,
])

/** Of a request with a key, which nobody has read: it may be one that was sent again. */
const TRUE_WITH_KEY = '503 SERVICE_FULL unknown'

export function untrueAnswers(tally: Tally, { hasKeys = false } = {}): string[] {
  return tally.answers
    .filter((what) => !TRUE_ANSWERS.has(what) && !(hasKeys && what === TRUE_WITH_KEY))
    .map((what) => `${tally.count(what)} × ${what}, while everything was well`)
}

export interface ConversationOptions {
  /** Requests on their way at once. */
  readonly inFlight?: number
  readonly onAnswer?: (answer: RawAnswer) => void
}

/** Sends the requests on one connection, and counts what comes back until all is answered or it ends. */
export async function converse(
  port: number,
  requests: readonly string[],
  tally: Tally,
  { inFlight = 1, onAnswer = () => {} }: ConversationOptions = {},
): Promise<void> {
  let sent = 0
  let answered = 0
  const ended = Promise.withResolvers<void>()
  const reader = new AnswerReader()
  const send = (socket: Socket): void => {
    const next = requests.slice(sent, answered + inFlight)
    sent += next.length
    if (next.length > 0) socket.write(next.join(''))
  }
  const socket = await openSocket(port).catch(() => undefined)
  if (socket === undefined) return tally.add('no connection')
  socket.on('data', (chunk: Buffer) => {
    for (const answer of reader.push(chunk)) {
      answered += 1
      tally.add(nameOf(answer))
      onAnswer(answer)
    }
    if (answered === requests.length) ended.resolve()
    else send(socket)
  })
  socket.on('end', ended.resolve).on('error', ended.resolve).on('close', ended.resolve)
  socket.setTimeout(SILENCE_MS_MAX, ended.resolve)
  send(socket)
  await ended.promise
  tally.add(UNANSWERED, sent - answered)
  socket.destroy()
}

/** A connection on which all this is asked, and nothing is read until it is closed. */
export async function askUnread(port: number, requests: string): Promise<Socket> {
  const socket = await openSocket(port)
  socket.on('error', () => {})
  socket.pause()
  socket.write(requests)
  return socket
}
