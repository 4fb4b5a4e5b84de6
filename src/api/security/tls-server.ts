import type { Server, ServerOptions } from 'node:http'
import { createServer } from 'node:https'

/** What the server shows and asks for; it may be replaced at any time. */
export interface TlsIdentity {
  /** In PEM, as it is now. */
  readonly current: () => {
    readonly cert: string
    readonly key: string
    /** Undefined: clients need no certificate. */
    readonly ca: string | undefined
  }
  /** Calls the listener when it was replaced. */
  readonly onReplaced: (listener: () => void) => void
}

/** A client that has not shown its certificate by then is gone, and was no connection yet. */
const HANDSHAKE_TIMEOUT_MS = 5_000

/** Node's default. Said, so that nobody's `--tls-min-v1.0` changes it. */
const VERSION_MIN = 'TLSv1.2'

/** A server of HTTP over TLS. What is replaced holds for new connections; those that are open go on. */
export function createTlsServer(options: ServerOptions, identity: TlsIdentity): Server {
  const { ca } = identity.current()
  const server = createServer({
    ...options,
    ...contextOf(identity),
    minVersion: VERSION_MIN,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    requestCert: ca !== undefined,
    rejectUnauthorized: ca !== undefined,
  })
  identity.onReplaced(() =>
    server.setSecureContext({ ...contextOf(identity), minVersion: VERSION_MIN }),
  )
  return server
}

function contextOf({ current }: TlsIdentity) {
  const { cert, key, ca } = current()
  return { cert, key, ...(ca !== undefined && { ca }) }
}
