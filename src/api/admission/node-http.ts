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
