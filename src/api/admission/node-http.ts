import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Inner parts of Node's HTTP server that it does not document. Source: Node 26, lib/_http_server.js and lib/_http_common.js. */

/** By which Node's parser finds the callback of llhttp: HTTPParser.kOnMessageBegin. */
export const MESSAGE_BEGINS = 0

/** What Node keeps on a socket of its HTTP server. */
export interface HttpSocket extends Socket {
  readonly parser?: HttpParser | null
  /** Node itself has stopped reading, because answers wait to be taken. */
  readonly _paused?: boolean
  readonly _readableState?: { highWaterMark: number }
  readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null
}

interface HttpParser {
  onIncoming: (request: IncomingMessage, keepAlive: boolean) => number
  /** Called at the first byte of a message. */
  [MESSAGE_BEGINS]?: (() => void) | undefined | null
  resume(): void
}

/** What Node keeps on a response: the connection is closed behind it. */
export type MaybeLastResponse = ServerResponse & { readonly _last?: boolean }

/** At which Node's HTTP server stops to read a socket, and begins again. */
const READING_EVENTS = ['pause', 'resume'] as const

/**
 * From now on `take` gets what is read; returned is what hands it on to the parser. Node then reads in
 * JavaScript, and not in its parser, which makes an order dearer. Undefined: no parser reads this socket.
 *
 * Node takes off its listeners that stop reading and begin it again. They have to stay: a socket that they
 * have stopped is never read again without them, and one whose answers wait to be taken is read although
 * Node's parser is stopped, which ends the process by an assertion of Node's.
 */
export function readBeforeParser(
  socket: HttpSocket,
  take: (bytes: Buffer) => void,
): ((bytes: Buffer) => void) | undefined {
  const [parse] = socket.listeners('data')
  if (parse === undefined) return undefined
  const before = READING_EVENTS.map((event) => [event, socket.listeners(event)] as const)
  // Of a socket that is stopped, Node's stream would read on up to this.
  if (socket._readableState) socket._readableState.highWaterMark = 0
  socket.removeListener('data', parse as never)
  socket.on('data', take)
  for (const [event, listeners] of before) {
    const left = socket.listeners(event)
    for (const listener of listeners) {
      // In front of ours, as they were.
      if (!left.includes(listener)) socket.prependListener(event, listener)
    }
  }
  return parse as (bytes: Buffer) => void
}
